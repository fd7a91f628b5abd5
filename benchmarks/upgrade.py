"""How long a fleet is without its server when that is stopped and another starts in its place.

`python -m benchmarks.upgrade` starts the real server, connects 50 edges of the client library over
real TLS that stream real faces, ends the server with SIGTERM, as `docker stop` does, and starts a
new one on the same state as soon as the process has gone. An edge streams again when it has a
result of the new server. The reference, in the same run, is the same fleet when the server is
killed, so that nobody tells it anything.
"""

import argparse
import asyncio
import json
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from benchmarks import command
from benchmarks.machine import machine
from benchmarks.scenes import references, scene_frames
from iot_facerecognition_client import (
    Client,
    FacesResult,
    Fingerprint,
    ServerAddress,
    State,
    Status,
)
from iot_facerecognition_protocol import SessionSettings
from lab.server_process import Access, ServerProcess

EDGES: Final = 50
RATE: Final = 1.0
"""Frames a second of one edge: fifty of them load two slow cores by half."""
PICTURES: Final = 8
STREAMING_SECONDS: Final = 5.0
"""How long all stream before the server is ended."""
PATIENCE: Final = 300.0
TARGET: Final = 10.0
"""Seconds from the port's opening until the last edge has a result."""
WAYS: Final = {"SIGTERM": signal.SIGTERM, "SIGKILL": signal.SIGKILL}


class Edge:
    """One client that streams, and when it had results (Unix time, seconds)."""

    def __init__(
        self, number: int, access: Access, pictures: Sequence[bytes], rate: float = RATE
    ) -> None:
        self.results: list[float] = []
        self.connections: list[float] = []
        self.client = Client(
            ServerAddress("127.0.0.1", access.port),
            trust=Fingerprint(access.fingerprint),
            token=access.token,
            settings=SessionSettings(name=f"edge-{number:02}", object_recognition=False),
        )
        self._number = number
        self._pictures = pictures
        self._rate = rate
        self.client.subscribe(FacesResult, lambda _: self.results.append(time.time()))
        self.client.subscribe(Status, self._note)

    def _note(self, status: Status) -> None:
        if status.state is State.CONNECTED:
            self.connections.append(time.time())

    async def stream(self) -> None:
        """Send pictures until cancelled, each edge at a moment of its own."""
        await asyncio.sleep(self._number / EDGES / self._rate)
        while True:
            for picture in self._pictures:
                self.client.send(picture)
                await asyncio.sleep(1 / self._rate)

    def first_after(self, moment: float) -> float | None:
        """Return when it had its first result after `moment`."""
        return next((result for result in self.results if result > moment), None)

    def gap_at(self, moment: float) -> float:
        """Return the seconds between its last result before `moment` and the next one."""
        after = self.first_after(moment)
        assert after is not None
        return after - max(result for result in self.results if result <= moment)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One end and start of the server, in seconds.

    `ending` is from the signal to the end of the process, `starting` from there until the port is
    open; `connected` is the last edge's connection after that, `first` and `last` are the edges'
    first results, `gap` is the longest time that any edge was without results.
    """

    ending: float
    starting: float
    connected: float
    first: float
    last: float
    gap: float


def listening_since(server: ServerProcess) -> float:
    """Return the Unix time at which the server said that it listens."""
    for line in server.output().splitlines():
        if line.startswith("{") and "listening on" in (record := json.loads(line))["message"]:
            return datetime.fromisoformat(record["ts"]).timestamp()
    raise RuntimeError("the server has not said that it listens")


async def all_streaming(edges: Sequence[Edge], since: float) -> None:
    """Return when every edge has had a result after `since`. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while any(edge.first_after(since) is None for edge in edges):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def replace_server(
    server: ServerProcess, edges: Sequence[Edge], way: signal.Signals
) -> Upgrade:
    """End the server in one way, start the next one and wait for the fleet."""
    await all_streaming(edges, time.time())
    await asyncio.sleep(STREAMING_SECONDS)
    began = time.time()
    server.signal(way)
    await asyncio.to_thread(server.wait, 30)
    ended = time.time()
    await asyncio.to_thread(server.start)
    listening = listening_since(server)
    await all_streaming(edges, listening)
    back = [edge.first_after(listening) or 0.0 for edge in edges]
    return Upgrade(
        ended - began,
        listening - ended,
        max(edge.connections[-1] for edge in edges) - listening,
        min(back) - listening,
        max(back) - listening,
        max(edge.gap_at(listening) for edge in edges),
    )


async def measure(
    server: ServerProcess, options: argparse.Namespace
) -> AsyncIterator[tuple[str, Upgrade]]:
    """Let edges stream and replace the server under them, each way so many times."""
    pictures = scene_frames(640, 480, PICTURES)
    access = server.access
    edges = [Edge(number, access, pictures, options.rate) for number in range(options.edges)]
    async with AsyncExitStack() as fleet, asyncio.TaskGroup() as streams:
        for edge in edges:
            await fleet.enter_async_context(edge.client)
        tasks = [streams.create_task(edge.stream()) for edge in edges]
        for _ in range(options.times):
            for way, number in WAYS.items():
                yield way, await replace_server(server, edges, number)
        for task in tasks:
            task.cancel()


async def print_upgrades(server: ServerProcess, options: argparse.Namespace) -> None:
    """Print the table: one line for each time the server was replaced."""
    print(
        "          ended  listens   dark   all connected   first result   of the last   longest gap"
    )
    worst = 0.0
    async for way, one in measure(server, options):
        print(
            f"{way:<8} {one.ending:6.2f} {one.starting:8.2f} {one.ending + one.starting:6.2f}"
            f" {one.connected:+15.2f} {one.first:+14.2f} {one.last:+13.2f} {one.gap:13.2f}",
            flush=True,
        )
        if way == "SIGTERM":
            worst = max(worst, one.last)
    verdict = "met" if worst <= TARGET else "missed"
    print(f"target after SIGTERM: the last edge within {TARGET:g} s of the open port: {verdict}")


def free_port() -> int:
    """Return a port that nobody listens on now: the next server has to be found at the same."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=EDGES)
    parser.add_argument("--times", type=int, default=3, help="how often each way")
    parser.add_argument("--rate", type=float, default=RATE, help="frames a second of one edge")
    options = parser.parse_args()
    print(f"{machine()}\n{options.edges} edges, {options.rate:g} frames a second each; seconds\n")
    with tempfile.TemporaryDirectory() as name:
        settings = {"Log": {"LogFormat": "json"}}
        folder = Path(name)
        with ServerProcess(folder, references(), settings, port=free_port()) as server:
            asyncio.run(print_upgrades(server, options))


if __name__ == "__main__":
    command.run(main)
