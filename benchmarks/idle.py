"""What clients cost that are connected and do nothing: memory and processor time.

`python -m benchmarks.idle` starts the real server over real TLS, connects 500 clients from a
process of their own, and prints what the server's process costs before, with all of them, and after
each has sent a frame. The reference, in the same run, are as many TLS connections of asyncio's own
event loop with nothing on top of them.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import bare_tls, command, server_metrics
from benchmarks.machine import machine
from benchmarks.process_cost import ProcessCost
from benchmarks.scenes import references, scene_frames
from benchmarks.server_metrics import Metrics
from iot_facerecognition_server.observability import catalogue
from lab.server_process import Access, ServerProcess

WARM_UP: Final = 16
"""Clients that come and go before anything is measured, so that caches and threads are there."""
WARM_UP_FRAMES: Final = 16
SETTLE_SECONDS: Final = 2.0
TARGET: Final = 100.0
"""Kilobytes for each client."""
SETTINGS: Final = {
    "Limits": {"ConnectionsPerAddress": "0", "Clients": "0"},
    "Budget": {"Connections": "0"},
    "Metrics": server_metrics.ENABLED,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One state of the server: memory in bytes, processor seconds in a minute."""

    name: str
    clients: int
    memory: int
    cpu: float

    def told(self, alone: int) -> str:
        """Return a line of the table; `alone` is the memory without clients."""
        each = f"{(self.memory - alone) / self.clients / 1000:9.1f}" if self.clients else " " * 9
        return f"{self.name:<44} {self.memory / 1e6:8.1f} {each} {self.cpu:10.2f}"


class Crowd:
    """The process with the clients, and orders to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def told(self) -> int:
        """Return the number in its next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the clients' process ended early")
        return int(line.split()[1])

    def order(self, what: str) -> int:
        """Let it do `what` and return the number that it answers."""
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        return self.told()


@contextmanager
def crowd(access: Access, count: int, frame: Path) -> Iterator[Crowd]:
    """Connect `count` clients, and disconnect them at the end."""
    arguments = [access.port, access.fingerprint, access.token, count, frame]
    program = [sys.executable, "-m", "benchmarks.idle_clients", *map(str, arguments)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            clients = Crowd(process)
            if clients.told() != count:
                raise RuntimeError("not every client connected")
            yield clients
        finally:
            assert process.stdin is not None
            process.stdin.close()


def observe(name: str, pid: int, clients: int, seconds: float) -> Row:
    """Watch process `pid` for `seconds` while nothing happens."""
    time.sleep(SETTLE_SECONDS)
    before = ProcessCost.of(pid)
    time.sleep(seconds)
    after = ProcessCost.of(pid)
    return Row(name, clients, after.memory, (after.cpu - before.cpu) / seconds * 60)


def measure_server(folder: Path, count: int, seconds: float, tracking: str) -> Iterator[Row]:
    """Measure the server in each of its states."""
    settings = {**SETTINGS, "Engine": {"Tracking": tracking}}
    frame = folder / "frame.jpg"
    frame.write_bytes(scene_frames(640, 480, 1)[0])
    with ServerProcess(folder / "server", references(), settings) as server:
        with crowd(server.access, WARM_UP, frame) as clients:
            for _ in range(WARM_UP_FRAMES):
                clients.order("frame")
        yield observe("server, no clients", server.pid, 0, seconds)
        with crowd(server.access, count, frame) as clients:
            yield observe("connected", server.pid, count, seconds)
            answered = clients.order("frame")
            yield observe("connected, each sent a frame", server.pid, count, seconds)
            held = clients.order("count")
            connected = Metrics.of(server).value(catalogue.CLIENTS)
        if (held, connected, answered) != (count, count, count):
            raise RuntimeError(f"of {count} clients {held} are left, {answered} were answered")


def measure_bare(folder: Path, count: int, seconds: float) -> Iterator[Row]:
    """Measure as many connections of asyncio's own."""
    identity = str(folder / "server" / "state" / "server.pem")
    program = [sys.executable, "-m", "benchmarks.bare_tls", identity]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())

        async def connected() -> Iterator[Row]:
            kept = await bare_tls.connect(port, WARM_UP)
            before = await asyncio.to_thread(observe, "asyncio's TLS alone", process.pid, 0, 1.0)
            kept += await bare_tls.connect(port, count)
            after = await asyncio.to_thread(
                observe, "asyncio's TLS alone, connected", process.pid, count, seconds
            )
            for transport in kept:
                transport.abort()
            return iter((before, after))

        yield from asyncio.run(connected())
        process.communicate()


def print_rows(rows: Iterator[Row]) -> float:
    """Print the rows as they come; return the last one's kilobytes for each client."""
    alone: int | None = None
    each = 0.0
    for row in rows:
        alone = row.memory if alone is None else alone
        print(row.told(alone), flush=True)
        each = (row.memory - alone) / max(1, row.clients) / 1000
    return each


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0, help="of watching each state")
    parser.add_argument("--tracking", choices=("on", "off"), default="on")
    options = parser.parse_args()
    print(f"{machine()}\n")
    print(f"{options.clients} idle clients over TLS 1.3 on loopback; anonymous memory,")
    print(f"tracking {options.tracking}")
    print(f"{'':<44} {'MB':>8} {'KB each':>9} {'CPU s/min':>10}\n" + "-" * 74)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        each = print_rows(
            measure_server(folder, options.clients, options.seconds, options.tracking)
        )
        print_rows(measure_bare(folder, options.clients, options.seconds))
    verdict = "met" if each <= TARGET else "missed"
    print(f"\ntarget: at most {TARGET:.0f} KB for each client: {verdict}")


if __name__ == "__main__":
    command.run(main)
