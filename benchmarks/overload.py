"""A server that is offered far more than it can do: what is dropped, and what the rest is worth.

`python -m benchmarks.overload` lets 8 and then 32 clients offer 15 frames a second each to the real
server over real TLS, with tracking off, so that each frame costs a full scan. `--soak 300` does it
for five minutes each (`make soak`). A result's age is the time from a frame's capture at the client
to its result there; the bound on its 95th percentile comes from the bare kernels' time for a frame,
measured in the same run before and after. The event loop's stalls are seen by a timer on the
server's own loop (benchmarks/probed_server.py), compared with the same server without clients.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks import command, server_metrics
from benchmarks.bare_kernels import measured_apart
from benchmarks.detector_choice import add_detectors
from benchmarks.machine import cores, machine
from benchmarks.probed_server import ProbedServer
from benchmarks.process_cost import ProcessCost
from benchmarks.scenes import references, write_scene
from benchmarks.server_metrics import Metrics
from benchmarks.streaming import Streamed, percentile, start_stream
from iot_facerecognition_server.observability import catalogue

FPS: Final = 15.0
SIZE: Final = (640, 480)
FRAMES: Final = 16
QUIET_SECONDS: Final = 4.0
"""For which the loop's stalls are watched without clients."""
SAMPLE_SECONDS: Final = 0.5
STALL_TARGET_MS: Final = 20.0
FAIRNESS_TARGET: Final = 0.98
SETTINGS: Final = {
    "Limits": {"FrameRate": "0"},
    "Budget": {"FrameRate": "0"},
    "Metrics": server_metrics.ENABLED,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server held at one moment: frames, and memory in bytes."""

    waiting: float
    under_way: float
    memory: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one number of clients gave; stalls in seconds, `frame_ms` of the bare kernels."""

    clients: int
    streamed: Streamed
    samples: Sequence[Sample]
    quiet_stalls: Sequence[float]
    stalls: Sequence[float]
    frame_ms: float

    @property
    def age_bound(self) -> float:
        """Milliseconds that 95 % of the results may be old at most."""
        return 2 * (self.clients / cores()) * self.frame_ms

    def print(self) -> None:
        """Print its part of the page."""
        p50, p95, p99 = self.streamed.percentiles(0.5, 0.95, 0.99)
        print(f"{self.clients} clients, {FPS:g} frames a second each")
        print(f"  results                      {self.streamed.rate:8.1f} /s")
        print(f"  result age p50, p95, p99     {p50:8.0f} {p95:8.0f} {p99:8.0f} ms")
        _judge("  p95 at most", p95, self.age_bound, "ms", p95 <= self.age_bound)
        fair = self.streamed.fairness
        _judge("  fairness (Jain) at least", fair, FAIRNESS_TARGET, "", fair >= FAIRNESS_TARGET)
        ends = ", ".join(f"{why} {n}" for why, n in sorted(self.streamed.ended.items()))
        print(f"  frames by their end          {ends}")
        self._print_queues()
        quiet, late = (
            percentile(stalls, 0.999) * 1e3 for stalls in (self.quiet_stalls, self.stalls)
        )
        worst = self.stalls[-1] * 1e3
        print(
            f"  loop late p99.9, without clients {quiet:4.1f} ms; longest under load {worst:.1f} ms"
        )
        _judge("  loop late p99.9 below", late, STALL_TARGET_MS, "ms", late < STALL_TARGET_MS)
        print(flush=True)

    def _print_queues(self) -> None:
        half = len(self.samples) // 2
        early, late = self.samples[:half], self.samples[half:]
        for name, of in (("waiting", _waiting), ("under way", _under_way)):
            print(
                f"  frames {name:<12} mean of the first half {mean(map(of, early)):5.1f}, of the"
                f" second {mean(map(of, late)):5.1f}, most {max(map(of, self.samples)):3.0f}"
            )
        begin, end = self.samples[0].memory / 1e6, self.samples[-1].memory / 1e6
        print(f"  memory                       {begin:8.1f} MB at the begin, {end:.1f} at the end")


def _waiting(sample: Sample) -> float:
    return sample.waiting


def _under_way(sample: Sample) -> float:
    return sample.under_way


def _judge(what: str, value: float, bound: float, unit: str, good: bool) -> None:
    verdict = "met" if good else "missed"
    digits = 0 if unit == "ms" and bound > 100 else 3 if not unit else 1
    target = f"{bound:.{digits}f} {unit}".strip()
    print(f"{what:<30} {value:8.{digits}f} {unit:<3} target {target}: {verdict}")


def sample(server: ProbedServer) -> Sample:
    """Look at the server now."""
    metrics = Metrics.of(server)
    return Sample(
        metrics.value(catalogue.FRAMES_WAITING),
        metrics.value(catalogue.FRAMES_UNDER_WAY),
        ProcessCost.of(server.pid).memory,
    )


def overload(folder: Path, frames: Path, detector: str, clients: int, seconds: float) -> Outcome:
    """Measure one number of clients on a server of its own, with this detector."""
    settings = SETTINGS | {"Engine": {"Tracking": "off", "Detector": detector}}
    before = measured_apart(frames, detector, packages=False)
    samples = []
    with ProbedServer(folder, references(), settings) as server:
        quiet = time.monotonic()
        time.sleep(QUIET_SECONDS)
        stream = start_stream(server, frames, clients, seconds, "--fps", str(FPS))
        first = time.monotonic()
        while stream.running:
            samples.append(sample(server))
            time.sleep(SAMPLE_SECONDS)
        streamed = stream.end()
    after = measured_apart(frames, detector, packages=False)
    # The first samples are of a server whose clients still connect, the last of one without them.
    load_began = int((streamed.begin - first) / SAMPLE_SECONDS)
    return Outcome(
        clients,
        streamed,
        samples[load_began:-2],
        server.stalls(quiet, quiet + QUIET_SECONDS),
        server.stalls(streamed.begin, streamed.end),
        mean((before.frame, after.frame)),
    )


def main() -> None:
    """Print what each number of clients gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--seconds", type=float, default=12.0, help="of each number of clients")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="the same, for a long run")
    add_detectors(parser)
    options = parser.parse_args()
    print(f"{machine()}\n{SIZE[0]}x{SIZE[1]}, one face in each frame, every frame scanned\n")
    with tempfile.TemporaryDirectory() as name:
        frames = write_scene(Path(name) / "frames", SIZE, FRAMES)
        for detector, clients in product(options.detectors, options.clients):
            print(f"Detector={detector}")
            folder = Path(name) / f"{detector}-{clients}"
            overload(folder, frames, detector, clients, options.soak or options.seconds).print()


if __name__ == "__main__":
    command.run(main)
