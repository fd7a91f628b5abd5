"""Streams to a server from a process of its own (benchmarks/load.py), and what came of it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.server_process import ServerProcess


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


def start_stream(
    server: ServerProcess, frames: Path, clients: int, seconds: float, *options: str
) -> subprocess.Popen[str]:
    """Let `clients` stream the JPEGs of the folder `frames`; `options` are those of the load."""
    access = server.access
    arguments = [access.port, access.fingerprint, access.token, frames, clients, seconds, *options]
    command = [sys.executable, "-m", "benchmarks.load", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def end_stream(process: subprocess.Popen[str]) -> Streamed:
    """Wait for the clients' end and return what they counted."""
    with process:
        printed, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("the clients' process failed")
    return Streamed(**json.loads(printed))


def stream_closed_loop(
    server: ServerProcess, frames: Path, clients: int, outstanding: int, seconds: float
) -> Streamed:
    """Let `clients` stream in a closed loop, and return what was counted."""
    options = ("--outstanding", str(outstanding))
    return end_stream(start_stream(server, frames, clients, seconds, *options))
