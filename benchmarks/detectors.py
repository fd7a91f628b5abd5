"""Which faces the detectors find, on what else they draw boxes, and how long they take.

`python -m benchmarks.detectors [--faces FOLDER] [--things FOLDER]`: HOG, and YuNet at full and at
half the sides, over the same photos in one run. `--faces` has labelled photos (`labelled_faces`),
without it those that come out of packages; `--things` has photos of the classes of ImageNet, with
`index.tsv` as of `object_labels`. People are on some of those: `--drawn` names a folder into which
go the photos on which there are boxes, to look at. A found box is a face's when their intersection
over union is 0.4 or more; HOG's boxes are squares around eyes, nose and mouth, the labels go up to
the hair.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks import command
from benchmarks.labelled_faces import CONDITIONS, FacePhoto, face_photos
from benchmarks.machine import machine
from benchmarks.object_labels import labelled_photos
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS, YUNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.yunet.detector import CERTAIN_AT_HALF, YunetDetector
from iot_facerecognition_server.networks.yunet.layers import load_yunet
from iot_facerecognition_server.networks.yunet.onnx_session import OnnxYunet
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import FaceDetector, HogDetector
from iot_facerecognition_server.vision.scaling import luma, resized

SAME: Final = 0.4
"""IoU from which on a found box is that of a labelled face."""
HEIGHTS: Final = (0, 20, 30, 40, 60, 80, 120, 10_000)
"""Limits of the rows by a face's height in pixels."""
SMALLEST: Final = 30
"""Height from which on faces are to be found."""
FIRST_THING: Final = 398
"""Of ImageNet's 1000 classes the first that is no animal."""
FRAME: Final = (480, 640)
ROUNDS: Final = 40
COLOURS: Final = ("blue", "red", "lime")
"""Of the boxes that are drawn: HOG's, YuNet's, and those at half the sides."""
PERSON: Final = 0.6
"""Distance of descriptors below which they are of one person."""

Detect = Callable[[NDArray[np.uint8]], list[Detection]]
"""Finds the faces on an (h, w, 3) uint8 RGB picture."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A detector: what finds faces on a picture, and what it searches on a frame of it."""

    name: str
    detector: FaceDetector
    decoded: float
    """Sides of the picture that the decoder gives it, in parts of the frame's."""

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces on (h, w, 3) uint8 RGB, in its pixels."""
        seen = self.seen(rgb)
        across, down = (rgb.shape[side] / seen.shape[side] for side in (1, 0))
        return [one.scaled(across, down) for one in self.detector.detect(seen, self.decoded)]

    def seen(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the picture as the decoder gives it to the detector."""
        smaller = resized(rgb, self.decoded) if self.decoded < 1 else rgb
        return smaller if self.detector.colour else luma(smaller)


@dataclass(frozen=True, slots=True)
class Count:
    """Labelled faces, how many of them were found, and boxes that are on none."""

    heights: tuple[float, ...]
    found: tuple[bool, ...]
    boxes_on_nothing: int

    def recall(self, low: float = 0, high: float = HEIGHTS[-1]) -> float | None:
        """Return which part of the faces of these heights in pixels was found; None of none."""
        hits = [
            found
            for height, found in zip(self.heights, self.found, strict=True)
            if low <= height < high
        ]
        return sum(hits) / len(hits) if hits else None


def count(detect: Detect, photos: Iterable[FacePhoto]) -> Count:
    """Compare what `detect` finds with the labels."""
    heights: list[float] = []
    found: list[bool] = []
    nothing = 0
    for photo in photos:
        boxes = [one.box for one in detect(photo.rgb)]
        for face in photo.faces:
            best = max(boxes, key=face.iou, default=None)
            heights.append(face.height)
            found.append(best is not None and face.iou(best) >= SAME)
            if best is not None and found[-1]:
                boxes.remove(best)
        nothing += sum(not _on_a_face(box, (*photo.faces, *photo.ignored)) for box in boxes)
    return Count(tuple(heights), tuple(found), nothing)


def _on_a_face(box: Box, faces: Sequence[Box]) -> bool:
    return any(box.shared(face) > 0.5 * min(box.area, face.area) for face in faces)


def contestants(folder: Path) -> Iterator[Contestant]:
    """Yield HOG, then YuNet; `folder` keeps what the store makes."""
    yield Contestant("HOG", HogDetector(), 1)
    session = OnnxYunet(load_yunet(ModelStore(folder).resolve(YUNET)))
    full = YunetDetector(lambda picture: session.detect(picture[np.newaxis])[0])
    yield Contestant("YuNet", full, 1)
    yield Contestant("half sides", full.copy(CERTAIN_AT_HALF, reduced=0.5), 0.5)


def rates(rivals: Sequence[Contestant], rgb: NDArray[np.uint8]) -> Mapping[str, list[float]]:
    """Return the processor's milliseconds that each took for a picture, round by round."""
    seen = [one.seen(rgb) for one in rivals]
    taken: dict[str, list[float]] = {one.name: [] for one in rivals}
    for _ in range(ROUNDS):
        for one, picture in zip(rivals, seen, strict=True):
            began = time.thread_time()
            one.detector.detect(picture, one.decoded)
            taken[one.name].append((time.thread_time() - began) * 1e3)
    return taken


def moved_descriptors(
    rivals: Sequence[Contestant], photos: Sequence[FacePhoto], folder: Path
) -> Iterator[tuple[str, NDArray[np.float64], int, int]]:
    """Yield for each rival of the first by how much it moves the descriptors of common faces.

    Then how many pairs of these faces there are, and how many of them it decides otherwise.
    """
    store = ModelStore(folder)
    aligner = FaceAligner(store.resolve(LANDMARKS))
    network = FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))
    reference, *others = rivals
    for other in others:
        chips: list[NDArray[np.uint8]] = []
        for photo in photos:
            theirs = other.detect(photo.rgb)
            for face in reference.detect(photo.rgb):
                overlaps = [one.box.iou(face.box) for one in theirs]
                if overlaps and max(overlaps) >= SAME:
                    same = theirs[overlaps.index(max(overlaps))]
                    chips += aligner.chips(photo.rgb, [face, same])
        rows = network.describe(np.stack(chips)).astype(np.float64)
        before, after = rows[::2], rows[1::2]
        pairs = list(combinations(range(len(before)), 2))
        changed = sum(
            (np.linalg.norm(before[one] - before[two]) < PERSON)
            != (np.linalg.norm(before[one] - after[two]) < PERSON)
            for one, two in pairs
        )
        yield other.name, np.linalg.norm(before - after, axis=1), len(pairs), changed


def _row(name: str, cells: Iterable[str]) -> str:
    return f"{name:<34}" + "".join(f"{cell:>14}" for cell in cells)


def _share(part: float | None) -> str:
    return "-" if part is None else f"{100 * part:.1f} %"


def faces_table(rivals: Sequence[Contestant], photos: Sequence[FacePhoto]) -> Iterator[str]:
    """Yield the lines on labelled faces."""
    counts = [count(one.detect, photos) for one in rivals]
    labelled = sum(len(photo.faces) for photo in photos)
    yield _row(
        f"{labelled} faces on {len(photos)} photos: found", [_share(c.recall()) for c in counts]
    )
    yield _row(f"  of {SMALLEST} pixels or more", [_share(c.recall(SMALLEST)) for c in counts])
    for low, high in pairwise(HEIGHTS):
        if any(low <= height < high for height in counts[0].heights):
            name = f"  {low} to {high} pixels high" if high < HEIGHTS[-1] else f"  {low} and more"
            yield _row(name, [_share(c.recall(low, high)) for c in counts])
    yield _row("boxes on no face", [str(c.boxes_on_nothing) for c in counts])
    for name, change in list(CONDITIONS.items())[1:]:
        changed = [change(photo) for photo in photos]
        yield _row(f"found {name}", [_share(count(c.detect, changed).recall()) for c in rivals])


def things_table(rivals: Sequence[Contestant], folder: Path, drawn: Path | None) -> Iterator[str]:
    """Yield the lines on photos of things and of animals."""
    photos: dict[str, list[tuple[str, NDArray[np.uint8]]]] = {"things": [], "animals": []}
    for photo in labelled_photos(folder):
        kind = "things" if min(photo.shown, default=FIRST_THING) >= FIRST_THING else "animals"
        with Image.open(photo.path) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail(FRAME[::-1], Image.Resampling.LANCZOS)
        photos[kind].append((photo.path.stem, np.asarray(picture)))
    for kind, pictures in photos.items():
        boxes = [0 for _ in rivals]
        for name, rgb in pictures:
            found = [one.detect(rgb) for one in rivals]
            boxes = [before + len(more) for before, more in zip(boxes, found, strict=True)]
            if drawn is not None and any(found):
                _draw(rgb, found, drawn / f"{name}.png")
        yield _row(f"boxes on {len(pictures)} photos of {kind}", map(str, boxes))


def _draw(rgb: NDArray[np.uint8], found: Sequence[Sequence[Detection]], path: Path) -> None:
    """Write a photo with the boxes of each rival in its colour, and their scores."""
    picture = Image.fromarray(rgb)
    pen = ImageDraw.Draw(picture)
    for colour, detections in zip(COLOURS, found, strict=True):
        for one in detections:
            corner = one.box.left, one.box.top
            pen.rectangle((*corner, one.box.right, one.box.bottom), outline=colour, width=3)
            pen.text(corner, f"{one.score:.2f}", fill=colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, help="folder of labelled photos")
    parser.add_argument("--things", type=Path, help="folder of photos of ImageNet's classes")
    parser.add_argument("--drawn", type=Path, help="folder for the photos of --things with boxes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    photos = list(face_photos(arguments.faces))
    print(machine())
    with TemporaryDirectory() as folder:
        rivals = list(contestants(Path(folder)))
        print(_row("", [one.name for one in rivals]))
        for line in faces_table(rivals, photos):
            print(line, flush=True)
        if arguments.things is not None:
            for line in things_table(rivals, arguments.things, arguments.drawn):
                print(line, flush=True)
        scene = min((one for one in photos if one.faces), key=lambda one: len(one.faces)).rgb
        frame = np.asarray(Image.fromarray(scene).resize(FRAME[::-1]))
        taken = rates(rivals, frame)
        print(_row("ms for 640x480 with a face", [f"{median(one):.1f}" for one in taken.values()]))
        reference = taken[rivals[0].name]
        ratios = [
            median(first / own for first, own in zip(reference, one, strict=True))
            for one in taken.values()
        ]
        print(_row("times HOG's rate", [f"{ratio:.2f}" for ratio in ratios]))
        for name, moved, pairs, changed in moved_descriptors(rivals, photos, Path(folder)):
            print(
                f"{name}: descriptors of {len(moved)} faces move by {moved.mean():.3f}, at most"
                f" {moved.max():.3f}; {changed} of {pairs} pairs are decided otherwise"
            )


if __name__ == "__main__":
    command.run(main)
