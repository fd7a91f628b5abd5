"""How large a machine has to be for a number of edges: what the server used for each load.

`python -m benchmarks.sizing` starts the real server over real TLS for every row, with the settings
it has by default, lets edges stream 640x480 of people who come, stay and go, and prints what the
server's process took: processor cores (1.0 is one busy core) and memory, and what the edges saw.
Run it on a machine that does nothing else. The last line tells what one frame costs, from which the
cores for other numbers follow: edges x frames/s x seconds, and a fifth for what comes unevenly.
"""

import argparse
import re
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from benchmarks import command
from benchmarks.machine import cores, machine
from benchmarks.process_cost import ProcessCost
from benchmarks.scenes import references
from benchmarks.streaming import Streamed, start_stream
from benchmarks.walking_people import FPS, Actor, Scene, Stage, standing, visiting
from lab.server_process import ServerProcess

SIZE: Final = (640, 480)
SCENE_SECONDS: Final = 12.0
SAMPLE_SECONDS: Final = 0.2
LATE_MS: Final = 500.0
"""95 % of the results have to come within so many milliseconds, or the machine is too small."""
LEAST_PROCESSED: Final = 0.98
"""Part of the frames that ended which has to have been processed."""
SETTINGS: Final = {
    "Limits": {"ConnectionsPerAddress": "0", "Clients": "0", "FrameRate": "0"},
    "Budget": {"Connections": "0", "FrameRate": "0", "Bytes": "0"},
}
SCENES: Final = {
    0: Scene("nobody", SCENE_SECONDS, "rocket.jpg", ()),
    1: Scene(
        "one person", SCENE_SECONDS, "rocket.jpg", (Actor("obama", visiting(0, 12, 0.3, 0.4, 0.5)),)
    ),
    4: Scene(
        "four people",
        SCENE_SECONDS,
        "coffee.png",
        (
            Actor("stranger", standing(0.22, 0.30, 0.12)),
            Actor("collins", standing(0.24, 0.34, 0.38)),
            Actor("obama", visiting(0, 12, 0.28, 0.4, 0.64)),
            Actor("second stranger", standing(0.22, 0.32, 0.88)),
        ),
    ),
}
"""By the number of faces on a frame while everybody is there."""


@dataclass(frozen=True, slots=True)
class Load:
    """Edges that send `fps` frames a second each, with so many `faces`; `objects` too, or not."""

    edges: int
    fps: float
    faces: int
    objects: bool = False


LOADS: Final = (
    Load(1, 15, 1),
    Load(4, 5, 1),
    Load(4, 15, 1),
    Load(10, 5, 0),
    Load(10, 5, 1),
    Load(10, 5, 4),
    Load(10, 1, 1, objects=True),
    Load(25, 2, 1),
    Load(50, 1, 1),
    Load(50, 2, 1),
)
HEADER: Final = (
    "edges  fps  faces  objects   cores  memory MB  ms a frame  processed  p50 ms    p95  enough\n"
    + "-" * 87
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load cost: processor cores, and bytes of the server's own memory at most."""

    load: Load
    streamed: Streamed
    cores: float
    memory: int

    @property
    def processed(self) -> float:
        """Part of the frames that ended which was processed."""
        ended = sum(self.streamed.ended.values())
        return len(self.streamed.latencies) / ended if ended else 0.0

    @property
    def enough(self) -> bool:
        """Whether the machine kept up."""
        p95 = self.streamed.percentiles(0.95)[0]
        return self.processed >= LEAST_PROCESSED and p95 <= LATE_MS

    @property
    def frame_seconds(self) -> float:
        """Processor seconds for each processed frame, everything included."""
        return self.cores / self.streamed.rate if self.streamed.rate else 0.0

    def line(self) -> str:
        """Return the row of the table."""
        load = self.load
        p50, p95 = self.streamed.percentiles(0.5, 0.95)
        return (
            f"{load.edges:>5} {load.fps:>4g} {load.faces:>6} {'yes' if load.objects else 'no':>8}"
            f" {self.cores:>7.2f} {self.memory / 1e6:>10.0f} {self.frame_seconds * 1e3:>11.1f}"
            f" {self.processed:>10.0%} {p50:>7.0f} {p95:>6.0f}"
            f" {'yes' if self.enough else 'no':>7}"
        )


class ProcessorWatch:
    """Samples the processor time of a process from a thread of its own; a context manager."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._samples: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def cores(self, begin: float, end: float) -> float:
        """Return how many cores were busy between two monotonic seconds."""
        times, spent = zip(*self._samples, strict=True)
        used = np.interp(end, times, spent) - np.interp(begin, times, spent)
        return float(used) / (end - begin)

    def _sample(self) -> None:
        while True:
            self._samples.append((time.monotonic(), ProcessCost.of(self._pid).cpu))
            if self._stop.wait(SAMPLE_SECONDS):
                return


def write_frames(folder: Path, faces: int, fps: float) -> Path:
    """Write the scene with so many faces as an edge with `fps` frames a second sees it."""
    place = folder / f"{faces}-{fps:g}"
    if not place.exists():
        stage = Stage(SCENES[faces], SIZE)
        place.mkdir()
        for number in range(round(SCENE_SECONDS * fps)):
            (place / f"{number:04}.jpg").write_bytes(stage.jpeg(round(number * FPS / fps)))
    return place


def peak_memory(pid: int) -> int:
    """Return the most bytes of memory that process `pid` has had, files mapped into it included."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"process {pid} has ended")
    return int(found[1]) * 1024


def measure(folder: Path, load: Load, seconds: float) -> Measured:
    """Let the edges of `load` stream for so long."""
    frames = write_frames(folder, load.faces, load.fps)
    options = ["--fps", str(load.fps)] + ["--all"] * load.objects
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        ServerProcess(Path(place), references(), SETTINGS) as server,
        ProcessorWatch(server.pid) as watch,
    ):
        streamed = start_stream(server, frames, load.edges, seconds, *options).end()
        memory = peak_memory(server.pid)
    return Measured(load, streamed, watch.cores(streamed.begin, streamed.end), memory)


def print_table(folder: Path, loads: Sequence[Load], seconds: float) -> None:
    """Measure and print every load."""
    print(HEADER)
    rows = []
    for load in loads:
        rows.append(measure(folder, load, seconds))
        print(rows[-1].line(), flush=True)
    most = max(row.memory for row in rows)
    print(f"\nmemory at most: {most / 1e6:.0f} MB", end="")
    for faces in sorted({row.load.faces for row in rows if not row.load.objects}):
        costs = [row for row in rows if row.load.faces == faces and not row.load.objects]
        mean = sum(row.cores for row in costs) / sum(row.streamed.rate for row in costs)
        print(f"; {mean * 1e3:.1f} ms of a core for a frame with {faces} faces", end="")
    print()


def _load(words: str) -> Load:
    """Read `EDGES,FPS,FACES[,objects]`."""
    try:
        edges, fps, faces, *rest = words.split(",")
        load = Load(int(edges), float(fps), int(faces), objects=rest == ["objects"])
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{words!r} is not EDGES,FPS,FACES[,objects]") from error
    if load.edges < 1 or load.fps <= 0 or load.faces not in SCENES or rest not in ([], ["objects"]):
        raise argparse.ArgumentTypeError(f"at least one edge and frame; faces one of {[*SCENES]}")
    return load


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "loads", nargs="*", type=_load, metavar="EDGES,FPS,FACES[,objects]", help="only these rows"
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="of each row")
    options = parser.parse_args()
    print(f"{machine()}\n{cores()} cores, TLS 1.3, 640x480, settings by default\n")
    with tempfile.TemporaryDirectory() as name:
        print_table(Path(name), options.loads or LOADS, options.seconds)


if __name__ == "__main__":
    command.run(main)
