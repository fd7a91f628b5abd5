"""Coroutines as tests, a server whose answers a test decides on, and a person at a screen.

Tests that are coroutines run each in an event loop of its own, for a bounded time.
"""

import asyncio
import hashlib
import inspect
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.edge.fake_appliance import FakeAppliance
    from tests.edge.finger import Finger
    from tests.edge.recogniser import Recogniser

SCENARIO_SECONDS = 30.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests, each in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def bounded() -> None:
        async with asyncio.timeout(SCENARIO_SECONDS):
            await pyfuncitem.obj(**arguments)

    asyncio.run(bounded())
    return True


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Certificate and key for this machine, as files, and the fingerprint."""
    folder = tmp_path_factory.mktemp("certificate")
    files = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-noenc", "-days", "2", "-subj", "/CN=test"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]),
        ],
        check=True,
        capture_output=True,
    )
    der = ssl.PEM_cert_to_DER_cert(files[0].read_text())
    return *files, hashlib.sha256(der).hexdigest()


@pytest.fixture
def recogniser(certificate: tuple[Path, Path, str]) -> "Recogniser":
    """A server, to be started by `async with`."""
    from tests.edge.recogniser import Recogniser  # noqa: PLC0415 - not for every test

    return Recogniser(certificate)


@pytest.fixture
def unused_tcp_port() -> int:
    """A port of this machine where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def appliance() -> "FakeAppliance":
    """An appliance without a machine."""
    from tests.edge.fake_appliance import FakeAppliance  # noqa: PLC0415 - not for every test

    return FakeAppliance()


@pytest.fixture
def finger_on(appliance: "FakeAppliance") -> "Callable[[tuple[int, int]], Finger]":
    """Return a function that gives a finger on a screen of another size."""
    from tests.edge.finger import Finger  # noqa: PLC0415 - loads pygame

    return lambda size: Finger(appliance, size)


@pytest.fixture
def finger(finger_on: "Callable[[tuple[int, int]], Finger]") -> "Finger":
    """Return a person's finger on a screen of the usual size."""
    return finger_on((480, 320))
