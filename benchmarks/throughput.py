"""How fast the whole server is, beside what the machine could do and beside dlib's own package.

`python -m benchmarks.throughput` starts the real server over real TLS, lets 1 to 8 clients in a
process of their own stream 640x480 photos with one face each in a closed loop, every frame scanned,
and prints one table. The bare kernels (benchmarks/bare_kernels.py) and the loop over dlib's package
are measured before and after each row: the machine's speed drifts, and a share of a rate that was
measured minutes ago says nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.bare_kernels import KernelTimes, table
from benchmarks.scenes import references, scene_frames
from demo.server_process import ServerProcess

SIZE = (640, 480)
FRAMES = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: frames a second and milliseconds."""

    clients: int
    outstanding: int
    rate: float
    p50: float
    p95: float
    p99: float
    fairness: float
    bare: float
    dlib: float

    def __str__(self) -> str:
        return (
            f"{self.clients:>7} {self.outstanding:>6} {self.rate:>9.1f} {self.p50:>7.0f}"
            f" {self.p95:>6.0f} {self.p99:>6.0f} {self.fairness:>6.3f} {self.bare:>9.1f}"
            f" {self.rate / self.bare:>7.0%} {self.dlib:>8.1f} {self.rate / self.dlib:>7.1f}x"
        )


HEADER = (
    "clients  each  frames/s  p50 ms    p95    p99   Jain  bare k/s  of bare  dlib /s  vs dlib\n"
    + "-" * 88
)


def kernels(folder: Path) -> KernelTimes:
    """Measure the bare kernels in a process of their own, with nothing else running."""
    command = [sys.executable, "-m", "benchmarks.bare_kernels", "--json", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    values = json.loads(done.stdout)
    values["descriptor"] = {int(size): ms for size, ms in values["descriptor"].items()}
    return KernelTimes(**values)


def stream(
    server: ServerProcess, folder: Path, clients: int, outstanding: int, seconds: float
) -> dict[str, list[float]]:
    """Let `clients` stream; return what `benchmarks.load` counted."""
    access = server.access
    arguments = [access.port, access.fingerprint, access.token, folder]
    command = [sys.executable, "-m", "benchmarks.load", *map(str, arguments)]
    command += [str(clients), str(outstanding), str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    counted: dict[str, list[float]] = json.loads(done.stdout)
    return counted


def jain(counts: list[float]) -> float:
    """Return Jain's fairness index of the clients' counts: 1 when all are equal."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts) or 1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each row")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--outstanding", type=int, default=2, help="frames of a client on the way")
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    print(f"{platform.processor() or platform.machine()}, {cores} cores, {SIZE[0]}x{SIZE[1]},")
    print("one face in each frame, every frame scanned, TLS 1.3 on loopback\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "frames"
        folder.mkdir()
        for number, jpeg in enumerate(scene_frames(*SIZE, FRAMES)):
            (folder / f"{number:03}.jpg").write_bytes(jpeg)
        settings = {"Engine": {"Following": "off"}, "Limits": {"FrameRate": "0"}}
        before = kernels(folder)
        print(table(before, cores), "\n")
        print(HEADER)
        with ServerProcess(Path(name) / "server", references(), settings) as server:
            for clients in options.clients:
                counted = stream(server, folder, clients, options.outstanding, options.seconds)
                after = kernels(folder)
                latencies = counted["latencies"]
                p50, p95, p99 = (
                    latencies[min(len(latencies) - 1, int(len(latencies) * share))] * 1e3
                    for share in (0.5, 0.95, 0.99)
                )
                row = Row(
                    clients,
                    options.outstanding,
                    len(latencies) / options.seconds,
                    p50,
                    p95,
                    p99,
                    jain(counted["counts"]),
                    mean(times.rate(cores) for times in (before, after)),
                    1000 / mean((before.dlib_frame, after.dlib_frame)),
                )
                print(row, flush=True)
                before = after
    print(
        "\neach: frames of a client on the way at a time; bare k/s: cores / the kernels' own time;"
        "\ndlib /s: a loop over dlib's Python package (RGB scan and its own descriptor) on one core"
    )


if __name__ == "__main__":
    main()
