"""One picture of what was recognised: a frame of each photo with its faces marked."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from iot_facerecognition_client.lettering.drawing import Lettering
from iot_facerecognition_client.tag_layout import place_tags
from iot_facerecognition_protocol import Face

_KNOWN = "#2ecc71"
_UNKNOWN = "#f1c40f"
_COLUMNS = 3
_TILE = (480, 360)


def draw(frames: Mapping[str, tuple[bytes, Sequence[Face]]], path: Path) -> None:
    """Write a PNG with one tile for each of `frames`: a caption to its JPEG and faces."""
    rows = -(-len(frames) // _COLUMNS)
    columns = min(_COLUMNS, len(frames))
    sheet = Image.new("RGB", (columns * _TILE[0], rows * _TILE[1]), "#101418")
    for number, (caption, (jpeg, faces)) in enumerate(frames.items()):
        tile = annotated(Image.open(io.BytesIO(jpeg)).convert("RGB"), faces, caption)
        place = (number % _COLUMNS * _TILE[0], number // _COLUMNS * _TILE[1])
        sheet.paste(tile.resize(_TILE, Image.Resampling.LANCZOS), place)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def annotated(picture: Image.Image, faces: Sequence[Face], caption: str) -> Image.Image:
    """Return `picture` with a rectangle and a name for each face, as an edge draws them."""
    pen, lettering = ImageDraw.Draw(picture), Lettering()
    size = picture.height // 20
    gap = size // 4
    labels = [face.tag or "unknown" for face in faces]
    boxes = [(face.x, face.y, face.width, face.height) for face in faces]
    height = lettering.height(size) + gap
    sizes = [(lettering.width(label, size) + 2 * gap, height) for label in labels]
    places = place_tags(boxes, sizes, (0, 0, *picture.size))
    for face in faces:
        corners = (face.x, face.y, face.x + face.width, face.y + face.height)
        pen.rectangle(corners, outline=_colour(face), width=4)
    for face, label, (x, y, width, _) in zip(faces, labels, places, strict=True):
        pen.rectangle((x, y, x + width - 1, y + height - 1), fill=_colour(face))
        fitting = lettering.fit(label, size, width - 2 * gap)
        drawn = lettering.draw(fitting, size, (0, 0, 0))
        picture.paste(drawn, (x + gap, y + gap // 2), drawn)
    title = lettering.draw(caption, size, (255, 255, 255), bold=True)
    pen.rectangle((0, 0, title.width + 2 * gap, height), fill="#101418")
    picture.paste(title, (gap, gap // 2), title)
    return picture


def _colour(face: Face) -> str:
    return _KNOWN if face.tag else _UNKNOWN
