"""Streams to a server from a process of its own (benchmarks/load.py), and what came of it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.server_process import ServerProcess


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was counted between `begin` and `end`, in monotonic seconds of this machine.

    `latencies` are in seconds from the capture of a frame to its end, the shortest first; `counts`
    are the processed frames of each client; `ended` counts frames by how they ended.
    """

    latencies: list[float]
    counts: list[int]
    faces: int
    objects: int
    ended: dict[str, int]
    begin: float
    end: float
    client_cpu_seconds: float

    @property
    def rate(self) -> float:
        """Processed frames a second."""
        return len(self.latencies) / (self.end - self.begin)

    @property
    def fairness(self) -> float:
        """Jain's index of the clients' processed frames: 1 when all are equal."""
        return jain(self.counts)

    def percentiles(self, *shares: float) -> list[float]:
        """Return latencies in milliseconds: no more than these shares are shorter."""
        return [percentile(self.latencies, share) * 1e3 for share in shares]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value of `ordered` that `share` of the values lie below; 0 of no values."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def jain(counts: Sequence[int]) -> float:
    """Return Jain's fairness index, 1 when all are equal and 1/n when one has everything."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts) or 1)


class Stream:
    """Clients that stream, in a process of their own.

    What they counted goes to a file: a pipe that nobody reads would fill within minutes and hold
    them forever.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Start the process of `command`, which prints JSON at its end."""
        self._printed = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see `end`
        self._process = subprocess.Popen(command, stdout=self._printed)

    @property
    def running(self) -> bool:
        """Whether the clients still stream."""
        return self._process.poll() is None

    def end(self) -> Streamed:
        """Wait for the clients' end and return what they counted."""
        with self._printed, self._process:
            if self._process.wait():
                raise RuntimeError("the clients' process failed")
            self._printed.seek(0)
            return Streamed(**json.load(self._printed))


def start_stream(
    server: ServerProcess, frames: Path, clients: int, seconds: float, *options: str
) -> Stream:
    """Let `clients` stream the JPEGs of the folder `frames`; `options` are those of the load."""
    return Stream(load_command(server, frames, clients, seconds, *options))


def load_command(
    server: ServerProcess, frames: Path, clients: int, seconds: float, *options: str
) -> list[str]:
    """Return the command of the load (benchmarks/load.py)."""
    access = server.access
    arguments = [access.port, access.fingerprint, access.token, frames, clients, seconds, *options]
    return [sys.executable, "-m", "benchmarks.load", *map(str, arguments)]


def stream_closed_loop(
    server: ServerProcess, frames: Path, clients: int, outstanding: int, seconds: float
) -> Streamed:
    """Let `clients` stream in a closed loop, and return what was counted."""
    options = ("--outstanding", str(outstanding))
    return start_stream(server, frames, clients, seconds, *options).end()
