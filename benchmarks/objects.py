"""Classifications a second by both classifiers, compared with the original's sixteen crops.

`python -m benchmarks.objects` prints a table. The reference, in the same run, is ResNet-34 in fp32
over sixteen crops for each picture, which is what the original computes, deterministic or not.
dlib's ResNet-34 is timed where its file is: in the folder that FACERECOGNITION_TEST_DATA names, or
in `shared/data` next to the repository. Its weights do not matter for the time.

`--photos FOLDER` prints instead which labels of labelled photos are right, by `ObjectThreshold`
(`object_labels` says how they are labelled).
"""

import argparse
import io
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks import command
from benchmarks.machine import machine
from benchmarks.object_labels import answers, labelled_photos, print_table
from iot_facerecognition_server.frames import ObjectsWanted
from iot_facerecognition_server.models.catalogue import EFFICIENTNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import Precision, choose_precision
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits
from lab.photos import fetch_photos

CROPS: Final = 16
SECONDS: Final = 2.0
WIDTH: Final = 640
"""For which each row is measured."""
BATCHES: Final = (1, 4, 16)
CENTRED: Final = ObjectsWanted(5, deterministic=True)
CHANCE: Final = ObjectsWanted(5, deterministic=False)
MOST_PIXELS: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A way to classify pictures and how many a second it does."""

    name: str
    rate: float


def rate(work: Callable[[], int], threads: int) -> float:
    """Return how many pictures a second `threads` threads do; `work` returns how many it did."""
    work()
    counts = [0] * threads
    end = time.perf_counter() + SECONDS

    def run(number: int) -> None:
        while time.perf_counter() < end:
            counts[number] += work()

    began = time.perf_counter()
    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def jpegs() -> list[bytes]:
    """Return three pictures of things as JPEGs."""
    folder, encoded = fetch_photos(), []
    for name in ("chelsea.png", "coffee.png", "rocket.jpg"):
        picture = Image.open(folder / name).convert("RGB")
        content = io.BytesIO()
        height = round(picture.height * WIDTH / picture.width)
        picture.resize((WIDTH, height)).save(content, "JPEG", quality=85)
        encoded.append(content.getvalue())
    return encoded


def measure(name: str, classifier: ObjectClassifier, threads: int, *, sixteen: bool) -> list[Row]:
    """Time `classifier` on crops alone, and from the JPEG on, on `threads` threads."""
    side = classifier.input_size
    pictures = jpegs()
    local = threading.local()

    def cropper() -> ObjectCropper:
        if not hasattr(local, "cropper"):
            local.cropper = ObjectCropper(JpegDecoder(), side, CROPS, JpegLimits(MOST_PIXELS))
        made: ObjectCropper = local.cropper
        return made

    def whole(wanted: ObjectsWanted) -> Callable[[], int]:
        def work() -> int:
            crops = [cropper().crops(jpeg, wanted, (1, 1)) for jpeg in pictures]
            classifier.classify(np.stack([crop for one in crops for crop in one]))
            return len(pictures)

        return work

    rows = []
    noise = np.random.default_rng(1).integers(0, 256, (CROPS, side, side, 3), np.uint8)
    for size in BATCHES:
        batch: NDArray[np.uint8] = noise[:size]

        def alone(batch: NDArray[np.uint8] = batch) -> int:
            classifier.classify(batch)
            return len(batch)

        rows.append(Row(f"{name}, crops alone, batch {size}", rate(alone, threads)))
    rows.append(Row(f"{name}, from the JPEG, one crop", rate(whole(CENTRED), threads)))
    if sixteen:
        rows.append(Row(f"{name}, from the JPEG, {CROPS} crops", rate(whole(CHANCE), threads)))
    return rows


def resnet_file() -> Path | None:
    """Return dlib's ResNet-34 where it is."""
    named = os.environ.get("FACERECOGNITION_TEST_DATA")
    data = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    path = data / "resnet34" / "resnet34_1000_imagenet_classifier.dnn"
    return path if path.is_file() else None


def judge_labels(folder: Path) -> None:
    """Print what thresholds do to the labels of the photos in `folder`, by the default network."""
    photos = labelled_photos(folder)
    precision = choose_precision("auto", "cpu")
    with TemporaryDirectory() as cache:
        weights = ModelStore(Path(cache)).resolve(EFFICIENTNET)
        classifier = ObjectClassifier.efficientnet(weights, "cpu", precision)
    cropper = ObjectCropper(JpegDecoder(), classifier.input_size, CROPS, JpegLimits(MOST_PIXELS))
    print(f"{machine()}\nEfficientNet-Lite0 {precision}, the best five labels")
    for name, wanted in ((f"{CROPS} random crops", CHANCE), ("one centred crop", CENTRED)):
        print_table(name, answers(classifier, cropper, photos, wanted))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="labelled photos to judge by")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.photos is not None:
        judge_labels(options.photos)
        return
    threads = os.cpu_count() or 1
    fast = choose_precision("auto", "cpu")
    rows: list[Row] = []
    reference: float | None = None
    resnet = resnet_file()
    if resnet is not None:
        exact = ObjectClassifier.from_dlib(resnet, "cpu", Precision.FP32)
        rows += measure("ResNet-34 fp32", exact, threads, sixteen=True)
        reference = rows[-1].rate
        if fast is not Precision.FP32:
            other = ObjectClassifier.from_dlib(resnet, "cpu", fast)
            rows += measure(f"ResNet-34 {fast}", other, threads, sixteen=True)
    with TemporaryDirectory() as cache:
        weights = ModelStore(Path(cache)).resolve(EFFICIENTNET)
        for precision in dict.fromkeys((Precision.FP32, fast)):
            small = ObjectClassifier.efficientnet(weights, "cpu", precision)
            rows += measure(f"EfficientNet-Lite0 {precision}", small, threads, sixteen=True)
    print(f"{machine()}\n{threads} threads, pictures 640 pixels wide")
    if reference is None:
        print("no file of dlib's ResNet-34: no reference (FACERECOGNITION_TEST_DATA)")
    for row in rows:
        times = f"{row.rate / reference:8.1f} x" if reference else ""
        print(f"  {row.name:<48}{row.rate:9.1f} /s{times}")


if __name__ == "__main__":
    command.run(main)
