"""Which labels of labelled photos are reported by threshold, and how many of them are right.

A folder of labelled photos has a file `index.tsv`: a line `index<TAB>file` for each thing that a
photo shows, by its number of ImageNet's 1000 classes. A photo without a line shows none of them,
so that every label of it is wrong.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from iot_facerecognition_server.frames import ObjectsWanted
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.vision.crops import ObjectCropper

THRESHOLDS: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
INDEX: Final = "index.tsv"
_SUFFIXES: Final = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo and the classes of what it shows."""

    path: Path
    shown: frozenset[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """The best labels of a photo, as class and probability, beside the classes that it `shown`."""

    shown: frozenset[int]
    labels: tuple[tuple[int, float], ...]

    def reported(self, threshold: float) -> tuple[int, ...]:
        """Return the classes whose probability is at least `threshold`."""
        return tuple(label for label, probability in self.labels if probability >= threshold)


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """What one threshold does to many answers.

    `recognised` of the `labelled` photos get a right label; of the labels of all photos, `right`
    are and `wrong` are not; `silent` photos get none.
    """

    threshold: float
    labelled: int
    recognised: int
    right: int
    wrong: int
    silent: int

    @classmethod
    def of(cls, threshold: float, answers: Sequence[Answer]) -> "ThresholdRow":
        """Count `answers` with `threshold`."""
        reported = [(answer.shown, answer.reported(threshold)) for answer in answers]
        right = [sum(label in shown for label in labels) for shown, labels in reported]
        return cls(
            threshold,
            labelled=sum(bool(shown) for shown, _ in reported),
            recognised=sum(count > 0 for count in right),
            right=sum(right),
            wrong=sum(len(labels) for _, labels in reported) - sum(right),
            silent=sum(not labels for _, labels in reported),
        )

    def __str__(self) -> str:
        told = self.right + self.wrong
        share = f"{self.right / told:7.0%}" if told else "      -"
        return (
            f"{self.threshold:11.2f}{self.recognised:8} of {self.labelled:<4}"
            f"{self.right:7}{self.wrong:7}{share}{self.silent:9}"
        )


HEAD: Final = "  threshold  recognised    right  wrong   right   silent"


def labelled_photos(folder: Path) -> list[LabelledPhoto]:
    """Return the photos of `folder` by name. Raises ValueError for an `index.tsv` that is wrong."""
    shown: dict[str, set[int]] = {}
    lines = (folder / INDEX).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines[1:], 2):
        index, _, name = line.partition("\t")
        if not index.isdigit() or not (folder / name).is_file():
            raise ValueError(f"line {number} of {folder / INDEX} is not a class, a tab and a file")
        shown.setdefault(name, set()).add(int(index))
    paths = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES)
    return [LabelledPhoto(path, frozenset(shown.get(path.name, ()))) for path in paths]


def answers(
    classifier: ObjectClassifier,
    cropper: ObjectCropper,
    photos: Iterable[LabelledPhoto],
    wanted: ObjectsWanted,
) -> list[Answer]:
    """Return the labels that a session that wants `wanted` gets of each photo."""
    found = []
    for number, photo in enumerate(photos):
        crops = np.stack(cropper.crops(_jpeg(photo.path), wanted, (1, number)))
        probabilities = np.mean(classifier.classify(crops), axis=0)
        best = np.argsort(-probabilities, kind="stable")[: wanted.label_count]
        found.append(Answer(photo.shown, tuple((int(i), float(probabilities[i])) for i in best)))
    return found


def _jpeg(path: Path) -> bytes:
    if path.suffix.lower() != ".png":
        return path.read_bytes()
    content = io.BytesIO()
    Image.open(path).convert("RGB").save(content, "JPEG", quality=95)
    return content.getvalue()


def print_table(name: str, found: Sequence[Answer]) -> None:
    """Print a line for each threshold."""
    print(f"{name}, {len(found)} photos\n{HEAD}")
    for threshold in THRESHOLDS:
        print(ThresholdRow.of(threshold, found))
