"""What a service manager hears of the server, over the real socket."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from iot_facerecognition_server.observability.readiness import ProbeResult
from iot_facerecognition_server.observability.service_manager import (
    STATUS_SECONDS,
    ServiceManager,
)

ALIVE = ProbeResult(True, ("event loop: ok",))
STALLED = ProbeResult(False, ("event loop: ok", "workers: no progress for 130 s"))


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd would listen on."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(path))
        made.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield made


async def heard(listener: socket.socket, manager: ServiceManager, count: int) -> list[str]:
    """Run the manager until it has said `count` things."""
    task = asyncio.create_task(manager.run())
    told = [await asyncio.to_thread(listener.recv, 4096) for _ in range(count)]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return [one.decode() for one in told]


def test_ready_then_signs_of_life(listener: socket.socket) -> None:
    environment = {**os.environ, "WATCHDOG_USEC": "3000"}
    manager = ServiceManager.of_environment(environment, lambda: ALIVE, lambda: "2 clients")
    sign = "WATCHDOG=1\nSTATUS=2 clients"
    assert asyncio.run(heard(listener, manager, 3)) == ["READY=1", sign, sign]
    asyncio.run(manager.stopping())
    assert listener.recv(4096).decode() == "STOPPING=1\nSTATUS=ending"


def test_no_sign_of_life_while_the_server_stalls(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    environment = {**os.environ, "WATCHDOG_USEC": "3000"}
    manager = ServiceManager.of_environment(environment, lambda: STALLED, lambda: "2 clients")
    first, *signs = asyncio.run(heard(listener, manager, 4))
    assert first == "READY=1"
    assert set(signs) == {"STATUS=event loop: ok; workers: no progress for 130 s"}
    assert len([one for one in caplog.records if "no sign of life" in one.message]) == 1


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, STATUS_SECONDS),
        ({"WATCHDOG_USEC": "6000000"}, 2.0),
        ({"WATCHDOG_USEC": "900000000"}, STATUS_SECONDS),
        ({"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": str(os.getpid())}, 2.0),
        ({"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "1"}, STATUS_SECONDS),
        ({"WATCHDOG_USEC": "soon"}, STATUS_SECONDS),
    ],
)
def test_as_often_as_the_watchdog_wants(environment: dict[str, str], seconds: float) -> None:
    manager = ServiceManager.of_environment(environment, lambda: ALIVE, str)
    assert manager._seconds == seconds
    assert not manager.listens
