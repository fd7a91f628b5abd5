"""How the cost of a frame grows with clients, faces in the frame and known references.

`python -m benchmarks.scaling` measures the real server with 1 to 32 clients, the same with frames
of 1 to 16 faces, and matching alone with 10 to 100,000 references; it prints each with the exponent
of the power that fits it best, and draws all three (`--plot FILE.png`). References, in the same
run: the bare kernels for such a frame, and looking at every reference.

The descriptors are synthetic: people spread over 128 axes with a falling variance, so that two are
0.86 apart as on our photos, with as even a spread (it behaves like one over 43 axes), and a face is
0.36 from its reference. Known faces and strangers are timed apart.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import command
from benchmarks.bare_kernels import measured_apart, milliseconds
from benchmarks.detector_choice import DETECTORS
from benchmarks.machine import cores, machine
from benchmarks.scaling_plot import Panel, draw
from benchmarks.scenes import references, write_scene
from benchmarks.streaming import stream_closed_loop
from iot_facerecognition_server.frames import DESCRIPTOR_SIZE
from iot_facerecognition_server.gallery.nearest import NearestReferences, squares
from lab.server_process import ServerProcess

CLIENTS: Final = (1, 2, 4, 8, 32)
FACES: Final = (1, 4, 16)
REFERENCES: Final = (10, 100, 1000, 10_000, 100_000)
SIZE: Final = (1280, 720)
STREAMING_CLIENTS: Final = 8
MATCHING_TARGET_MS: Final = 1.0
SPREAD: Final = 21.5
"""Axes over which the variance falls to 1/e; twice as many is what it behaves like."""
VARIANCE: Final = 0.37
"""Of all axes together: half the mean square of the distance of two people."""
FACE_DISTANCE: Final = 0.36
ANY_RATE: Final = {
    "Limits": {"FrameRate": "0"},
    "Budget": {"FrameRate": "0"},
}


@dataclass(frozen=True, slots=True)
class People:
    """Synthetic references of people, and descriptors of faces."""

    references: NDArray[np.float32]
    known: NDArray[np.float32]
    strangers: NDArray[np.float32]


def people(count: int, faces: int = 64) -> People:
    """Return `count` people, and as many descriptors of known people and of strangers."""
    chance = np.random.default_rng(count)
    spread = np.exp(-np.arange(DESCRIPTOR_SIZE) / SPREAD)
    deviation = np.sqrt(spread * VARIANCE / spread.sum())
    turned = np.linalg.qr(chance.standard_normal((DESCRIPTOR_SIZE, DESCRIPTOR_SIZE)))[0]
    # Reference and face are each as far from the person's centre.
    share = FACE_DISTANCE / np.sqrt(2 * VARIANCE)

    def seen(persons: NDArray[np.float64]) -> NDArray[np.float32]:
        noise = chance.standard_normal(persons.shape) * share
        rows: NDArray[np.float32] = ((persons + noise) * deviation @ turned).astype(np.float32)
        return rows

    persons = chance.standard_normal((count, DESCRIPTOR_SIZE))
    places = chance.integers(count, size=faces)
    others = chance.standard_normal((faces, DESCRIPTOR_SIZE))
    return People(seen(persons), seen(persons[places]), seen(others))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of the straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def match_costs() -> list[Panel]:
    """Print and return what matching one face costs, by the number of references."""
    print("matching one face, milliseconds on one thread")
    print(f"{'references':>10} {'known':>8} {'stranger':>9} {'every reference':>16}\n" + "-" * 46)
    panel: dict[str, list[float]] = {"known face": [], "stranger": [], "every reference": []}
    for count in REFERENCES:
        crowd = people(count)
        nearest = NearestReferences(crowd.references)

        def find(faces: NDArray[np.float32], search: Callable[..., object], number: int) -> None:
            search(faces[number % len(faces)])

        costs = [
            milliseconds(partial(find, crowd.known, nearest.nearest), 64),
            milliseconds(partial(find, crowd.strangers, nearest.nearest), 64),
            milliseconds(partial(find, crowd.known, partial(squares, crowd.references)), 16),
        ]
        for values, cost in zip(panel.values(), costs, strict=True):
            values.append(cost)
        print(f"{count:>10} {costs[0]:>8.3f} {costs[1]:>9.3f} {costs[2]:>16.3f}", flush=True)
    worst = max(values[-1] for name, values in panel.items() if name != "every reference")
    for name, values in panel.items():
        print(f"  {name}: exponent {exponent(REFERENCES, values):.2f}")
    verdict = "met" if worst < MATCHING_TARGET_MS else "missed"
    print(f"  target below {MATCHING_TARGET_MS:g} ms at {REFERENCES[-1]}: {verdict}\n")
    return [Panel("references", "ms a face", REFERENCES, panel)]


def settings(detector: str) -> dict[str, Mapping[str, str]]:
    """Return the settings of a server that scans every frame with `detector`, at any rate."""
    return {"Engine": {"Tracking": "off", "Detector": detector}, **ANY_RATE}


def client_costs(folder: Path, detector: str, seconds: float) -> list[Panel]:
    """Print and return what a frame costs, by the number of clients."""
    frames = write_scene(folder / "one", (640, 480), 16)
    bare = cores() / measured_apart(frames, detector, packages=False).rate(cores()) * 1e3
    print(f"640x480, one face, closed loop; processor ms of a frame (bare kernels: {bare:.1f})")
    print(f"{'clients':>10} {'ms':>8} {'of bare':>8} {'frames/s':>9}\n" + "-" * 38)
    costs = []
    with ServerProcess(folder / "clients", references(), settings(detector)) as server:
        for clients in CLIENTS:
            each = 2 if clients <= STREAMING_CLIENTS else 1  # the server lets one frame wait
            streamed = stream_closed_loop(server, frames, clients, each, seconds)
            costs.append(cores() * 1000 / streamed.rate)
            print(
                f"{clients:>10} {costs[-1]:>8.1f} {costs[-1] / bare:>8.2f} {streamed.rate:>9.1f}",
                flush=True,
            )
    print(f"  exponent {exponent(CLIENTS, costs):.2f}\n")
    lines = {"whole server": costs, "bare kernels": [bare] * len(costs)}
    return [Panel("clients", "core ms a frame", CLIENTS, lines)]


def face_costs(folder: Path, detector: str, seconds: float) -> list[Panel]:
    """Print and return what a frame costs, by the number of faces in it."""
    print(f"{SIZE[0]}x{SIZE[1]}, {STREAMING_CLIENTS} clients; processor ms of a frame")
    print(f"{'faces':>10} {'ms':>8} {'bare':>8} {'of bare':>8}\n" + "-" * 37)
    lines: dict[str, list[float]] = {"whole server": [], "bare kernels": []}
    with ServerProcess(folder / "faces", references(), settings(detector)) as server:
        for faces in FACES:
            frames = write_scene(folder / f"faces-{faces}", SIZE, 8, faces)
            bare = measured_apart(frames, detector, packages=False).frame
            streamed = stream_closed_loop(server, frames, STREAMING_CLIENTS, 2, seconds)
            cost = cores() * 1000 / streamed.rate
            lines["whole server"].append(cost)
            lines["bare kernels"].append(bare)
            print(f"{faces:>10} {cost:>8.1f} {bare:>8.1f} {cost / bare:>8.2f}", flush=True)
    for name, costs in lines.items():
        print(f"  {name}: exponent {exponent(FACES, costs):.2f}")
    print()
    return [Panel("faces in a frame", "core ms a frame", FACES, lines)]


def main() -> None:
    """Print the tables, and draw them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each row of the server's")
    parser.add_argument("--detector", choices=DETECTORS, default=DETECTORS[0])
    parser.add_argument("--only", choices=("clients", "faces", "references"))
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    options = parser.parse_args()
    torch.set_num_threads(1)  # as in the server
    print(f"{machine()}\n")
    panels: list[Panel] = []
    with tempfile.TemporaryDirectory() as name:
        if options.only in {None, "clients"}:
            panels += client_costs(Path(name), options.detector, options.seconds)
        if options.only in {None, "faces"}:
            panels += face_costs(Path(name), options.detector, options.seconds)
        if options.only in {None, "references"}:
            panels += match_costs()
    if options.plot is not None:
        draw(panels, machine(), options.plot)
        print(f"drawn: {options.plot}")


if __name__ == "__main__":
    command.run(main)
