"""Photos on which people have drawn where the faces are, and what cameras do to photos.

A folder of labelled photos has a file `truth.json`: the path of each photo from there, with its
`size` (the photo is brought to that before), the `faces` as left, top, right and bottom in pixels
of it, and, where there are some, faces to `ignore`: tiny, drawn or hidden ones.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from iot_facerecognition_protocol.box import Box
from lab.photos import fetch_photos

TRUTH: Final = "truth.json"
_LARGEST: Final = (640, 480)
_OF_PACKAGES: Final[Mapping[str, tuple[tuple[float, float, float, float], ...]]] = {
    "astronaut.png": ((170, 61, 250, 168),),
    "biden.jpg": ((92, 38, 156, 123),),
    "camera.png": ((182, 109, 241, 185),),
    "chelsea.png": (),
    "coffee.png": (),
    "group.jpg": (
        (375, 173, 422, 236),
        (231, 133, 288, 208),
        (566, 137, 614, 199),
        (450, 29, 503, 99),
        (135, 73, 185, 138),
        (26, 133, 85, 200),
    ),
    "hanks.png": ((14, -2, 90, 116),),
    "obama.jpg": ((156, 38, 258, 175),),
    "obama2.jpg": ((82, 95, 186, 252),),
    "obama3.jpg": ((132, 52, 189, 126),),
    "rocket.jpg": (),
}
"""Faces on the photos that come out of packages, within 640 x 480."""


@dataclass(frozen=True, slots=True)
class FacePhoto:
    """A photo, (h, w, 3) uint8 RGB, the boxes of its faces, and those of faces to ignore."""

    name: str
    rgb: NDArray[np.uint8]
    faces: tuple[Box, ...]
    ignored: tuple[Box, ...] = ()


def face_photos(folder: Path | None) -> Iterator[FacePhoto]:
    """Yield the labelled photos of `folder`; None: those that come out of packages."""
    if folder is None:
        photos = fetch_photos()
        for name, boxes in _OF_PACKAGES.items():
            with Image.open(photos / name) as opened:
                picture = opened.convert("RGB")
            picture.thumbnail(_LARGEST, Image.Resampling.LANCZOS)
            yield FacePhoto(name, np.asarray(picture), tuple(Box(*box) for box in boxes))
        return
    for name, label in json.loads((folder / TRUTH).read_text(encoding="utf-8")).items():
        with Image.open(folder / name) as opened:
            picture = opened.convert("RGB").resize(label["size"], Image.Resampling.LANCZOS)
        faces, ignored = (
            tuple(Box(*box) for box in label.get(key, ())) for key in ("faces", "ignore")
        )
        yield FacePhoto(Path(name).name, np.asarray(picture), faces, ignored)


def unchanged(photo: FacePhoto) -> FacePhoto:
    """Return it as it is."""
    return photo


def turned(degrees: float) -> Callable[[FacePhoto], FacePhoto]:
    """Return what turns a photo by so many degrees around its middle; boxes keep their sides."""

    def turn(photo: FacePhoto) -> FacePhoto:
        picture = Image.fromarray(photo.rgb)
        result = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        angle = radians(degrees)

        def moved(box: Box) -> Box:
            across, down = box.centre
            across, down = across - picture.width / 2, down - picture.height / 2
            centre = (
                across * cos(angle) + down * sin(angle) + result.width / 2,
                down * cos(angle) - across * sin(angle) + result.height / 2,
            )
            return Box.at(
                centre[0] - box.width / 2, centre[1] - box.height / 2, box.width, box.height
            )

        faces, ignored = (tuple(map(moved, boxes)) for boxes in (photo.faces, photo.ignored))
        return FacePhoto(photo.name, np.asarray(result), faces, ignored)

    return turn


def _repainted(change: Callable[[Image.Image], Image.Image]) -> Callable[[FacePhoto], FacePhoto]:
    def repaint(photo: FacePhoto) -> FacePhoto:
        rgb = np.asarray(change(Image.fromarray(photo.rgb)))
        return FacePhoto(photo.name, rgb, photo.faces, photo.ignored)

    return repaint


def _as_jpeg(picture: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=30)
    return Image.open(buffer).convert("RGB")


CONDITIONS: Final[Mapping[str, Callable[[FacePhoto], FacePhoto]]] = {
    "as it is": unchanged,
    "turned 15 degrees": turned(15),
    "turned 30 degrees": turned(30),
    "blurred by 2 pixels": _repainted(lambda one: one.filter(ImageFilter.GaussianBlur(2))),
    "a quarter of the light": _repainted(lambda one: one.point(lambda value: value // 4)),
    "JPEG quality 30": _repainted(_as_jpeg),
}
"""What is done to photos, by the words of the table."""
