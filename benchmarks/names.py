"""Who is taken for whom, by `[DLIB] Threshold` and the size of the faces.

`python -m benchmarks.names` compares every two faces on photos of people, found, aligned and
described as the server does it with frames of 640 x 480, and prints how many pairs are near enough
to share a name. The photos are those of public packages, or of the folder that `--photos` names,
with a file `people.tsv`: a line `file<TAB>NAME,NAME` for the people on a photo from left to right.
Everyone on a photo without a line, and whoever is called `-`, is somebody whom no other photo
shows.
"""

import argparse
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from PIL import Image
from prometheus_client import CollectorRegistry

from benchmarks import command
from benchmarks.machine import machine
from iot_facerecognition_server.assembly.alignment import FaceAlignment
from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.assembly.faces import FaceRecogniser
from iot_facerecognition_server.config.loading import load
from iot_facerecognition_server.frames import Descriptor
from iot_facerecognition_server.observability.metrics import ServerMetrics
from lab.cast import ON_PHOTO
from lab.photos import fetch_photos

THRESHOLDS: Final = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
SIZES: Final = ((60, 10_000), (40, 60), (0, 40))
"""Pixels of the smaller face of a pair: from, up to."""
FRAME: Final = (640, 480)
INDEX: Final = "people.tsv"
NOBODY: Final = "-"
_SUFFIXES: Final = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True, slots=True)
class DescribedFace:
    """One face: its person (`""`: one whom no other photo shows), and its side in pixels."""

    name: str
    side: float
    descriptor: Descriptor


@dataclass(frozen=True, slots=True)
class Pair:
    """Two faces: whether they are one person's, the smaller one's side, and how far apart."""

    same: bool
    side: float
    distance: float


def pairs(faces: Sequence[DescribedFace]) -> list[Pair]:
    """Return every two of `faces`."""
    return [
        Pair(
            bool(one.name) and one.name == other.name,
            min(one.side, other.side),
            float(np.linalg.norm(one.descriptor - other.descriptor)),
        )
        for one, other in itertools.combinations(faces, 2)
    ]


def table(found: Sequence[Pair]) -> Iterable[str]:
    """Return the lines of a table: pairs of one person, of two, and those by the smaller face."""
    same = [pair for pair in found if pair.same]
    groups = [
        [pair for pair in found if not pair.same and low <= pair.side < high] for low, high in SIZES
    ]
    yield f"  pairs of one person: {len(same)}; of two people, by the smaller face's side:"
    ranges = ("from 60 px", "40 to 60 px", "below 40 px")
    yield "  threshold   one person" + "".join(f"{name:>18}" for name in ranges)
    for threshold in THRESHOLDS:
        cells = "".join(f"{_share(group, threshold):>18}" for group in groups)
        yield f"{threshold:11.2f}{_share(same, threshold):>13}{cells}"


def _share(group: Sequence[Pair], threshold: float) -> str:
    return f"{sum(pair.distance < threshold for pair in group)} of {len(group)}"


def named_photos(folder: Path) -> dict[Path, tuple[str, ...]]:
    """Return the photos of `folder` with the names on each, none where there is no line.

    Raises ValueError for a line that is wrong.
    """
    names: dict[Path, tuple[str, ...]] = {
        path: () for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES
    }
    for number, line in enumerate((folder / INDEX).read_text(encoding="utf-8").splitlines(), 1):
        name, tab, people = line.partition("\t")
        if not tab or folder / name not in names:
            raise ValueError(f"line {number} of {folder / INDEX} is not a photo, a tab and names")
        names[folder / name] = tuple(
            "" if one.strip() == NOBODY else one.strip() for one in people.split(",")
        )
    return names


def package_photos() -> dict[Path, tuple[str, ...]]:
    """Return the photos of public packages likewise."""
    folder = fetch_photos()
    return {folder / name: (person,) if person else () for name, person in ON_PHOTO.items()}


def described(
    photos: Mapping[Path, tuple[str, ...]], detector: str
) -> tuple[str, list[DescribedFace]]:
    """Return the detector's name and the faces on `photos`.

    Where it does not find as many as there are names, it is not known who they are: those photos
    are named on the way and left out.
    """
    faces = []
    with TemporaryDirectory() as state:
        config = load(None, {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": state})
        config = replace(config, engine=replace(config.engine, detector=detector))
        metrics = ServerMetrics(CollectorRegistry())
        detection = FaceDetection(config, "cpu", metrics)
        alignment = FaceAlignment(config, metrics, None)
        recogniser = FaceRecogniser(config, "cpu", detection, alignment)
        scanner = recogniser.make_scanner(metrics.stage_seconds)
        for path, people in photos.items():
            found, chips = scanner.scan(_frame(path))
            if people and len(people) != len(found):
                print(f"  {path.name}: {len(found)} faces found of {len(people)}; left out")
                continue
            names = people or ("",) * len(found)
            rows = recogniser.network.describe(np.stack(chips)) if chips else ()
            order = sorted(range(len(found)), key=lambda index: found[index].box.left)
            faces += [
                DescribedFace(name, found[index].box.height, rows[index])
                for name, index in zip(names, order, strict=True)
            ]
        detection.close()
    return detection.name, faces


def _frame(path: Path) -> bytes:
    """Return a photo as a camera of `FRAME` would send it; it is never enlarged."""
    picture = Image.open(path).convert("RGB")
    picture.thumbnail(FRAME)
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=90)
    return content.getvalue()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="named photos to judge by")
    parser.add_argument("--detector", default="auto", help="as in the configuration")
    options = parser.parse_args()
    torch.set_num_threads(1)
    photos = package_photos() if options.photos is None else named_photos(options.photos)
    print(machine())
    name, faces = described(photos, options.detector)
    print(f"detector {name}, {len(faces)} faces on {len(photos)} photos")
    print(*table(pairs(faces)), sep="\n")


if __name__ == "__main__":
    command.run(main)
