"""How fast the whole server is, compared with the bare kernels and with dlib's own package.

`python -m benchmarks.throughput` starts the real server over real TLS and lets clients in a process
of their own stream in a closed loop. The first tables are of faces with every frame scanned, one
for each detector; their
references, measured before and after each row since the machine's speed drifts, are the bare
kernels (benchmarks/bare_kernels.py), a loop over dlib's Python package and one over the package
`face_recognition`. Then come objects, with the bare classifier, and faces that are tracked.
`--full` measures every combination of size, faces and clients.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

import numpy as np
import torch

from benchmarks import command
from benchmarks.bare_kernels import KernelTimes, measured_apart, milliseconds, table
from benchmarks.detector_choice import add_detectors
from benchmarks.machine import cores, machine
from benchmarks.scenes import ONE_FACE, references, write_scene
from benchmarks.streaming import Streamed, start_stream, stream_closed_loop
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_server.frames import ObjectsWanted
from iot_facerecognition_server.models.catalogue import EFFICIENTNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import choose_precision
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits
from lab.photos import fetch_photos
from lab.server_process import ServerProcess

VGA: Final = (640, 480)
HD: Final = (1280, 720)
FRAMES: Final = 16
MOVING_FRAMES: Final = 360
CLIENTS: Final = 8
"""Of the targets."""
OBJECTS_TARGET: Final = 20.0
TRACKED_TARGET: Final = 450.0
ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Case:
    """What the clients of a row send."""

    size: tuple[int, int]
    faces: int
    clients: int


SHORT: Final = (
    *(Case(VGA, 1, clients) for clients in (1, 2, 4, 8, 16)),
    Case(VGA, 4, CLIENTS),
    Case(HD, 1, CLIENTS),
    Case(HD, 4, CLIENTS),
)
FULL: Final = tuple(
    Case(size, faces, clients)
    for size in (VGA, HD)
    for faces in (1, 4)
    for clients in (1, 2, 4, 8, 16)
)
HEADER: Final = (
    "frame     faces clients  frames/s  p50 ms    p95    p99   Jain  bare k/s  of bare"
    "  dlib /s vs dlib  package /s      vs\n" + "-" * 115
)
LEGEND: Final = """
bare k/s: cores / the kernels' own time for such a frame; dlib /s: a loop over dlib's Python package
(RGB scan, its own descriptor) on one core; package /s: a loop over face_recognition 1.3.0, likewise
"""


def row(
    case: Case, streamed: Streamed, packages: KernelTimes, before: KernelTimes, after: KernelTimes
) -> str:
    """Return one line of the table; `packages` were measured once for all rows of a scene."""
    bare = mean(times.rate(cores()) for times in (before, after))
    dlib, package = 1000 / packages.dlib_frame, 1000 / packages.package_frame
    rate = streamed.rate
    p50, p95, p99 = streamed.percentiles(0.5, 0.95, 0.99)
    return (
        f"{case.size[0]}x{case.size[1]:<5} {case.faces:>4} {case.clients:>7} {rate:>9.1f}"
        f" {p50:>7.0f} {p95:>6.0f} {p99:>6.0f} {streamed.fairness:>6.3f} {bare:>9.1f}"
        f" {rate / bare:>8.0%} {dlib:>8.1f} {rate / dlib:>6.1f}x {package:>11.1f}"
        f" {rate / package:>6.1f}x"
    )


def any_rate(engine: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Return the settings of a server that takes any rate, with these of `[Engine]`."""
    return {"Engine": engine, "Limits": {"FrameRate": "0"}, "Budget": {"FrameRate": "0"}}


@contextmanager
def running(folder: Path, engine: Mapping[str, str]) -> Iterator[ServerProcess]:
    """Run a server that takes any rate, with these `[Engine]` settings."""
    with ServerProcess(folder, references(), any_rate(engine)) as server:
        yield server


def print_faces(
    folder: Path, detector: str, cases: Sequence[Case], outstanding: int, seconds: float
) -> None:
    """Print the table of faces that `detector` finds, every frame scanned."""
    scenes: dict[tuple[tuple[int, int], int], Path] = {}
    for case in cases:
        place = folder / f"{case.size[1]}-{case.faces}"
        if not place.exists():
            write_scene(place, case.size, FRAMES, case.faces)
        scenes[case.size, case.faces] = place
    print(f"Detector={detector}\n{table(measured_apart(scenes[VGA, 1], detector), cores())}\n")
    print(HEADER)
    with running(folder / detector, {"Tracking": "off", "Detector": detector}) as server:
        packages: dict[Path, KernelTimes] = {}
        last: dict[Path, KernelTimes] = {}
        for case in cases:
            frames = scenes[case.size, case.faces]
            if frames not in packages:
                packages[frames] = last[frames] = measured_apart(frames, detector)
            # One frame of a client waits at the server; of two, one would replace the other.
            each = min(outstanding, max(1, 2 * CLIENTS // case.clients))
            streamed = stream_closed_loop(server, frames, case.clients, each, seconds)
            before, after = last[frames], measured_apart(frames, detector, packages=False)
            print(row(case, streamed, packages[frames], before, after), flush=True)
            last[frames] = after
    print(LEGEND)


def bare_objects(jpegs: Sequence[bytes]) -> float:
    """Return how many objects a second all cores would do that crop and classify, one by one."""
    with tempfile.TemporaryDirectory() as cache:
        weights = ModelStore(Path(cache)).resolve(EFFICIENTNET)
        network = ObjectClassifier.efficientnet(weights, "cpu", choose_precision("auto", "cpu"))
    cropper = ObjectCropper(JpegDecoder(), network.input_size, 1, JpegLimits())
    wanted = ObjectsWanted(5, deterministic=True)

    def classify(number: int) -> None:
        crops = cropper.crops(jpegs[number % len(jpegs)], wanted, (1, 1))
        network.classify(np.stack(list(crops)))

    return cores() * 1000 / milliseconds(classify, 40)


def print_objects(folder: Path, seconds: float) -> None:
    """Print how many frames a second are searched for objects, in deterministic mode."""
    frames = folder / "480-1"
    bare = bare_objects([path.read_bytes() for path in sorted(frames.glob("*.jpg"))])
    with running(folder / "objects", {"ObjectInterval": "0"}) as server:
        options = ("--objects", "--outstanding", "2")
        streamed = start_stream(server, frames, CLIENTS, seconds, *options).end()
    rate = streamed.objects / seconds
    print(f"objects, one centred crop, {CLIENTS} clients: {rate:.1f} results/s,")
    print(f"  next to {bare:.1f}/s of decoding, cropping and classifying alone on {cores()} cores")
    print(f"  target {OBJECTS_TARGET:.0f}/s: {_verdict(rate >= OBJECTS_TARGET)}\n", flush=True)


def write_moving_frames(folder: Path) -> Path:
    """Write the frames of one photo after the other, each moving, into a new `folder`."""
    source = MovingPhoto([fetch_photos() / name for name in ONE_FACE], size=VGA)
    folder.mkdir()
    for number, jpeg in enumerate(source.frames(MOVING_FRAMES)):
        (folder / f"{number:03}.jpg").write_bytes(jpeg)
    return folder


def print_tracking(folder: Path, detectors: Sequence[str], seconds: float, rounds: int) -> None:
    """Print the rate with faces tracked, and without, the medians of short rounds."""
    frames = write_moving_frames(folder / "moving")
    ways = [(detector, tracking) for tracking in ("off", "on") for detector in detectors]
    rates: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    print(f"moving photos, {CLIENTS} clients    results/s  face results/s  p50 ms    p95    p99")
    for number in range(rounds):
        for detector, tracking in ways:
            place = folder / f"{detector}-{tracking}-{number}"
            with running(place, {"Detector": detector, "Tracking": tracking}) as server:
                streamed = stream_closed_loop(server, frames, CLIENTS, 2, seconds)
            p50, p95, p99 = streamed.percentiles(0.5, 0.95, 0.99)
            rates[detector, tracking].append(streamed.faces / seconds)
            print(
                f"  {detector:<6} tracking {tracking:<14} {streamed.rate:>10.1f}"
                f" {rates[detector, tracking][-1]:>15.1f} {p50:>7.0f} {p95:>6.0f} {p99:>6.0f}",
                flush=True,
            )
    for detector, tracking in ways:
        rate, other = median(rates[detector, tracking]), median(rates[detectors[-1], tracking])
        print(
            f"  {detector:<6} tracking {tracking:<14} median {rate:.1f} face results/s,"
            f" {rate / other:.2f} x {detectors[-1]}"
        )
    tracked = median(rates[detectors[0], "on"])
    print(f"  target {TRACKED_TARGET:.0f}/s: {_verdict(tracked >= TRACKED_TARGET)}")


def _verdict(good: bool) -> str:
    return "met" if good else "missed"


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each row")
    parser.add_argument("--outstanding", type=int, default=2, help="frames of a client on the way")
    add_detectors(parser)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the tracked rates")
    parser.add_argument("--full", action="store_true", help="every size, faces and clients")
    parser.add_argument("--only", choices=("faces", "objects", "tracking"))
    options = parser.parse_args()
    torch.set_num_threads(1)  # as in the server
    print(f"{machine()}\nTLS 1.3 on loopback, closed loop,", end=" ")
    print(f"{options.outstanding} frames a client (16 clients: one)\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.only in {None, "faces"}:
            cases = FULL if options.full else SHORT
            for detector in options.detectors:
                print_faces(folder, detector, cases, options.outstanding, options.seconds)
        if options.only in {None, "objects"}:
            if not (folder / "480-1").exists():
                write_scene(folder / "480-1", VGA, FRAMES)
            print_objects(folder, options.seconds)
        if options.only in {None, "tracking"}:
            print_tracking(folder, options.detectors, options.seconds, options.rounds)


if __name__ == "__main__":
    command.run(main)
