"""The server that the device streams to: a real one started here, or one that somebody runs."""

import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from benchmarks.server_metrics import ENABLED, Metrics
from lab.hil.bench import BenchError, ServerAccess
from lab.server_process import ServerFailedError, ServerProcess

_FINGERPRINT = r"sha256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}"
_START = 300.0
"""Seconds that a server may take to start on a machine that also emulates another one."""
_TOKEN = r"iotfr_[\w-]+"  # noqa: S105 - what one looks like


class ServerUnderTest(Protocol):
    """What the tests need of a server."""

    what: str
    """What it is, for the report."""
    command: str
    """Its command line, as a shell on this machine takes it."""
    ours: bool
    """Whether it is for the tests alone, so that they may change it."""

    def address(self) -> tuple[str, int]:
        """Return host and port, as this machine reaches it now; OSError while it is restarted."""

    def metrics(self) -> Metrics:
        """Scrape it."""

    def restart(self) -> None:
        """Stop it in order and start it again."""


class LocalServer:
    """The real server on loopback, which knows `people`; its state is kept in `folder`."""

    def __init__(self, folder: Path, people: Mapping[str, Sequence[Path]]) -> None:
        self.what = "started on this machine by the tests"
        self.ours = True
        self._process = ServerProcess(folder, people, {"Metrics": ENABLED})
        words = [sys.executable, "-m", "iot_facerecognition_server", "--config"]
        self.command = shlex.join([*words, str(self._process.config)])

    def start(self) -> None:
        """Start it. Raises ServerFailedError."""
        self._process.start(_START)

    def stop(self) -> None:
        """Stop it if it runs."""
        self._process.stop()

    def address(self) -> tuple[str, int]:
        """Return where it listens; another port after a restart. Raises OSError in between."""
        try:
            return "127.0.0.1", self._process.access.port
        except ServerFailedError as error:
            raise ConnectionRefusedError("the server is being started") from error

    def metrics(self) -> Metrics:
        """Scrape it."""
        return Metrics.of(self._process)

    def restart(self) -> None:
        """Stop it as systemd does, and start it again."""
        self._process.stop()
        self._process.start(_START)


class GivenServer:
    """A server at HOST:PORT that is driven by the commands of `[server]` in the bench's file."""

    def __init__(self, place: str, access: ServerAccess) -> None:
        """Raise BenchError where the bench's file does not say how to reach it."""
        host, _, port = place.rpartition(":")
        if not host or not port.isdecimal():
            raise BenchError(f"--hil-server {place}: write HOST:PORT, or local")
        for key in ("command", "metrics", "restart"):
            if not getattr(access, key):
                raise BenchError(f"--hil-server {place}: [server] {key} is missing in the bench")
        self.what = place
        self.ours = False
        self.command = access.command
        self._address = host, int(port)
        self._access = access

    def address(self) -> tuple[str, int]:
        """Return the address that was given."""
        return self._address

    def metrics(self) -> Metrics:
        """Scrape it; while it is restarted, there is nothing."""
        try:
            with urllib.request.urlopen(self._access.metrics, timeout=30) as answer:  # noqa: S310
                return Metrics(answer.read().decode())
        except OSError:
            return Metrics("")

    def restart(self) -> None:
        """Run the command for it. Raises BenchError."""
        said(self._access.restart)


def fingerprint(server: ServerUnderTest) -> str:
    """Return the fingerprint that an edge pins. Raises BenchError."""
    return _found(_FINGERPRINT, f"{server.command} cert show")


def certificate(server: ServerUnderTest) -> str:
    """Return the certificate in PEM. Raises BenchError."""
    return said(f"{server.command} cert show --pem")


def new_token(server: ServerUnderTest, name: str) -> str:
    """Have the server make a token for `name`, and return it; earlier ones are revoked.

    So a server that outlives the tests can be asked again. Raises BenchError.
    """
    with suppress(BenchError):  # there was none
        said(f"{server.command} token revoke {shlex.quote(name)}")
    return _found(_TOKEN, f"{server.command} token add {shlex.quote(name)}")


def said(command: str, patience: float = 120.0) -> str:
    """Run a command of the bench on this machine; return what it printed. Raises BenchError."""
    try:
        done = subprocess.run(  # noqa: S602 - the bench's owner wrote it for a shell
            command, shell=True, capture_output=True, check=False, timeout=patience
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"not done after {patience:.0f} s: {command}") from None
    if done.returncode:
        words = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise BenchError(f"ended with {done.returncode}: {command}\n{words}")
    return done.stdout.decode(errors="replace")


def _found(pattern: str, command: str) -> str:
    output = said(command)
    found = re.search(pattern, output)
    if found is None:
        raise BenchError(f"{command} printed nothing like {pattern}:\n{output}")
    return found[0]
