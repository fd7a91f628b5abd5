"""The CNN detector compared with dlib's own: the same faces, in how much time.

`python -m benchmarks.cnn_agreement [--record FILE] [FOLDER...]` runs both over photos, with
`cnn_face_detection_model_v1` as the reference in the same run. Photos are averaged down to 1300
pixels. `--record` writes down what dlib found on the demo's photos; tests compare with it, since
dlib takes seconds for each.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlib
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks import command
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.models.catalogue import CNN_DETECTOR
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from lab.photos import PHOTOS, fetch_photos

LONGEST_SIDE = 1300


@dataclass(frozen=True, slots=True)
class Agreement:
    """The least IoU of a pair of boxes, the largest difference of scores, unpaired boxes."""

    iou: float
    score: float
    unpaired: int


def read_picture(path: Path, longest: int = LONGEST_SIDE) -> NDArray[np.uint8]:
    """Return a photo as (h, w, 3) uint8 RGB, averaged over blocks down to `longest` pixels."""
    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    block = -(-max(pixels.shape[:2]) // longest)
    rows, columns = (side // block for side in pixels.shape[:2])
    blocks = pixels[: rows * block, : columns * block].reshape(rows, block, columns, block, 3)
    reduced: NDArray[np.uint8] = np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return reduced


def faces_of_dlib(model: Any, picture: NDArray[np.uint8]) -> list[Detection]:
    """Return what dlib's own model finds."""
    return [
        Detection(
            Box(face.rect.left(), face.rect.top(), face.rect.right() + 1, face.rect.bottom() + 1),
            face.confidence,
        )
        for face in model(picture, 0)
    ]


def agreement(found: Sequence[Detection], expected: Sequence[Detection]) -> Agreement:
    """Pair each of the expected boxes with the nearest of those that were found."""
    if not expected or not found:
        return Agreement(1.0, 0.0, len(found) + len(expected))
    overlaps = np.array([[one.box.iou(other.box) for other in found] for one in expected])
    nearest = overlaps.argmax(axis=1)
    differences = [
        abs(found[place].score - one.score) for place, one in zip(nearest, expected, strict=True)
    ]
    unpaired = abs(len(found) - len(expected)) + len(nearest) - len(set(nearest))
    return Agreement(float(overlaps.max(axis=1).min()), max(differences), unpaired)


def recorded(faces: Sequence[Detection]) -> dict[str, object]:
    """Return the faces for the record: boxes with last column and row inside, and scores."""
    boxes = [(f.box.left, f.box.top, f.box.right - 1, f.box.bottom - 1) for f in faces]
    return {"boxes": boxes, "scores": [face.score for face in faces]}


def _pictures(folders: list[Path]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    photos = fetch_photos()
    paths = [photos / name for name in sorted(PHOTOS)]
    for folder in folders:
        paths += sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"})
    for path in paths:
        yield path.name, read_picture(path)


def main() -> None:
    """Print the table; write the record if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    record: dict[str, object] = {}
    with TemporaryDirectory() as cache:
        weights = ModelStore(Path(cache)).resolve(CNN_DETECTOR)
        network = CnnFaceDetectorNetwork.load(weights)
        model = dlib.cnn_face_detection_model_v1(str(weights))
    print(f"{'photo':<22}{'size':>10} {'faces':>5}  {'least IoU':>9} {'score':>8}   ours   dlib")
    for name, picture in _pictures(arguments.folders):
        began = time.perf_counter()
        (found,) = network.detect(picture[np.newaxis])
        between = time.perf_counter()
        expected = faces_of_dlib(model, picture)
        ended = time.perf_counter()
        same = agreement(found, expected)
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        print(
            f"{name:<22}{size:>10} {len(expected):>5}  {same.iou:>9.3f} {same.score:>8.1e}"
            f" {(between - began) * 1e3:>4.0f} ms {(ended - between) * 1e3:>5.0f} ms"
            + (f"   {same.unpaired} UNPAIRED" if same.unpaired else ""),
            flush=True,
        )
        record.setdefault(name, recorded(expected))
    if arguments.record:
        known = {name: record[name] for name in sorted(PHOTOS)}
        arguments.record.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    command.run(main)
