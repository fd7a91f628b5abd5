"""The bare kernels' rate: how fast one face's work is with nothing around it.

Each kernel is timed alone, on one thread, in this process; the sum of the times is what a frame
with one face costs at least, and the cores divided by it what this machine can do at most.
`python -m benchmarks.bare_kernels` prints the table.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import nan
from pathlib import Path
from statistics import median

import dlib
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import command, face_recognition_package
from benchmarks.detector_choice import DETECTORS, add_detectors, make_detector
from benchmarks.scenes import scene_frames
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.precision import choose_precision
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.jpeg import JpegDecoder

BATCHES = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class KernelTimes:
    """Milliseconds of each kernel on one thread; the descriptor's are per face, by batch size."""

    detector: str
    faces: int
    """Faces in each frame."""
    decode: float
    """Of the picture that is scanned."""
    scan: float
    decode_rgb: float
    """Of the picture that chips are cut from; 0 where that is the same."""
    chip: float
    descriptor: dict[int, float]
    dlib_frame: float
    """Milliseconds of one frame in a loop over dlib's own functions, descriptor included."""
    package_frame: float
    """The same over the PyPI package `face_recognition`."""

    @property
    def best_descriptor(self) -> float:
        """Milliseconds of one descriptor at the best batch size."""
        return min(self.descriptor.values())

    @property
    def frame(self) -> float:
        """Milliseconds of one frame with as many faces as the frames had that were measured."""
        each_face = self.chip + self.best_descriptor
        return self.decode + self.scan + self.decode_rgb + self.faces * each_face

    def rate(self, cores: int) -> float:
        """Frames a second of `cores` cores that do nothing else."""
        return cores * 1000 / self.frame


def milliseconds(call: Callable[[int], object], times: int) -> float:
    """Return the median time of `call(i)` over `times` calls, after two that do not count."""
    for number in range(2):
        call(number)
    measured = []
    for number in range(times):
        begun = time.perf_counter()
        call(number)
        measured.append(time.perf_counter() - begun)
    return median(measured) * 1e3


def measure(
    frames: Sequence[bytes],
    store: ModelStore,
    name: str = DETECTORS[0],
    times: int = 30,
    *,
    packages: bool = True,
) -> KernelTimes:
    """Time every kernel, the detector `name` among them, on `frames`.

    They are JPEGs with the same number of faces, one or more, in each.
    """
    decoder, detector = JpegDecoder(), make_detector(name, store)
    decode = decoder.rgb if detector.colour else decoder.grey
    aligner = FaceAligner(store.resolve(LANDMARKS))
    weights = store.resolve(FACE_DESCRIPTOR)
    network = FaceDescriptorNetwork.load(weights, "cpu", choose_precision("auto", "cpu"))
    scanned = [decode(frame) for frame in frames]
    pictures = [decoder.rgb(frame) for frame in frames]
    found = [detector.detect(picture) for picture in scanned]
    faces = [detections[0] for detections in found]
    count = len(frames)
    chips = np.stack([aligner.chip(*pair) for pair in zip(pictures, faces, strict=True)])
    batches = {
        size: np.stack([chips[number % count] for number in range(size)]) for size in BATCHES
    }
    return KernelTimes(
        detector=name,
        faces=round(sum(map(len, found)) / count),
        decode=milliseconds(lambda i: decode(frames[i % count]), times),
        scan=milliseconds(lambda i: detector.detect(scanned[i % count]), times),
        decode_rgb=0.0
        if detector.colour
        else milliseconds(lambda i: decoder.rgb(frames[i % count]), times),
        chip=milliseconds(lambda i: aligner.chip(pictures[i % count], faces[i % count]), times),
        descriptor={
            size: milliseconds(partial(_describe, network, batch), max(5, times // size)) / size
            for size, batch in batches.items()
        },
        dlib_frame=dlib_frame(frames, store, max(5, times // 6)) if packages else nan,
        package_frame=package_frame(frames, max(5, times // 6)) if packages else nan,
    )


def measured_apart(
    folder: Path, detector: str = DETECTORS[0], *, packages: bool = True
) -> KernelTimes:
    """Measure on the JPEGs of `folder` in a process of its own, with nothing else running.

    Without `packages` the loops over whole packages, which take longest, are not a number.
    """
    arguments = [sys.executable, "-m", "benchmarks.bare_kernels", "--json", str(folder)]
    arguments += ["--detectors", detector]
    arguments += [] if packages else ["--kernels-only"]
    done = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
    values = json.loads(done.stdout)
    values["descriptor"] = {int(size): ms for size, ms in values["descriptor"].items()}
    return KernelTimes(**values)


def _describe(network: FaceDescriptorNetwork, batch: NDArray[np.uint8], _: int) -> None:
    network.describe(batch)


def dlib_frame(frames: Sequence[bytes], store: ModelStore, times: int) -> float:
    """Time what a program that uses dlib's Python package does: RGB scan, dlib's descriptor."""
    decoder = JpegDecoder()
    scan = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(store.resolve(LANDMARKS)))
    describe = dlib.face_recognition_model_v1(str(store.resolve(FACE_DESCRIPTOR)))

    def recognise(number: int) -> None:
        picture = decoder.rgb(frames[number % len(frames)])
        for face in scan(picture):
            chip = dlib.get_face_chip(picture, landmarks(picture, face), 150, 0.25)
            describe.compute_face_descriptor(chip)

    return milliseconds(recognise, times)


def package_frame(frames: Sequence[bytes], times: int) -> float:
    """Time what a program that uses the package `face_recognition` does with a frame."""
    package = face_recognition_package.load()
    decoder = JpegDecoder()

    def recognise(number: int) -> None:
        picture = decoder.rgb(frames[number % len(frames)])
        places = package.face_locations(picture)
        package.face_encodings(picture, places)

    return milliseconds(recognise, times)


def table(times: KernelTimes, cores: int) -> str:
    """Return the kernels' times as text."""
    rows = [
        ("decode what is scanned", times.decode),
        (f"scan by {times.detector}", times.scan),
        ("decode RGB for the chips", times.decode_rgb),
        ("landmarks and chip", times.chip),
        *((f"descriptor, batch {size}", ms) for size, ms in times.descriptor.items()),
        (f"one frame, {times.faces} face(s), best batch", times.frame),
        ("the same by dlib's own Python package", times.dlib_frame),
        ("the same by the package face_recognition", times.package_frame),
    ]
    lines = [f"  {name:<44}{ms:8.2f} ms" for name, ms in rows]
    lines.append(f"  {'bare rate of ' + str(cores) + ' cores':<44}{times.rate(cores):8.1f} /s")
    return "\n".join(lines)


def main() -> None:
    """Print the table for 640x480 and this machine's cores, or JSON for the frames of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="print JSON, of these JPEGs")
    parser.add_argument("--kernels-only", action="store_true", help="leave whole packages out")
    add_detectors(parser)
    options = parser.parse_args()
    folder, wanted = options.json, options.detectors
    torch.set_num_threads(1)
    store = ModelStore(Path(tempfile.gettempdir()))  # the models come from packages
    if folder is None:
        scene = scene_frames(640, 480, 16)
        for name in wanted:
            print(table(measure(scene, store, name), os.cpu_count() or 1), "\n")
    else:
        frames = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
        times = measure(frames, store, wanted[0], packages=not options.kernels_only)
        print(json.dumps(asdict(times)))


if __name__ == "__main__":
    command.run(main)
