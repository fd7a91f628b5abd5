"""One picture of what was recognised: a frame of each photo with its faces marked."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

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
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=picture.height // 20)
    for face in faces:
        colour = _KNOWN if face.tag else _UNKNOWN
        left, top = face.x, face.y
        right, bottom = left + face.width, top + face.height
        pen.rectangle((left, top, right, bottom), outline=colour, width=4)
        label = face.tag or "unknown"
        place = _inside(picture, pen.textbbox((0, 0), label, font=font), left, bottom + 6)
        box = pen.textbbox(place, label, font=font)
        pen.rectangle((box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4), fill=colour)
        pen.text(place, label, fill="black", font=font)
    pen.text((10, 8), caption, fill="white", font=font, stroke_width=2, stroke_fill="black")
    return picture


def _inside(
    picture: Image.Image, size: tuple[float, float, float, float], left: int, top: int
) -> tuple[float, float]:
    """Return where a label that is meant for (left, top) stands wholly in the picture."""
    most = picture.width - size[2] - 6, picture.height - size[3] - 6
    return max(6, min(left, most[0])), max(6, min(top, most[1]))
