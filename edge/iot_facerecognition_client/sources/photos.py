"""Reading photos from files, by Pillow (`docs/decisions/photos-by-pillow.md` says why)."""

from pathlib import Path

from iot_facerecognition_client.sources.interface import SourceError
from iot_facerecognition_protocol.jpeg_header import ORIENTATION, UPRIGHT, upright_size

try:
    from PIL import Image, ImageOps
except ImportError:
    raise SourceError(
        "reading and resizing photos needs Pillow: pip install 'iot-facerecognition[desktop]'"
    ) from None

_GREY_BYTES = {"I": 4, "I;16": 2, "I;16L": 2, "I;16B": 2}
"""Bytes a pixel in Pillow's modes of 16 bits of grey; older versions say I of a PNG."""


def photo_size(path: Path) -> tuple[int, int]:
    """Return width and height of the upright photo. Raises SourceError."""
    with _opened(path) as image:
        return upright_size(image.size, image.getexif().get(ORIENTATION, UPRIGHT))


def read_photo(path: Path) -> Image.Image:
    """Return the photo, upright and as RGB. Raises SourceError."""
    with _opened(path) as image:
        try:
            return _eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
        except (OSError, SyntaxError, ValueError) as error:
            raise SourceError(f"{path} is damaged: {error}") from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return grey of 16 bits by its upper byte: Pillow would cut it off at 255."""
    width = _GREY_BYTES.get(image.mode)
    if width is None:
        return image
    upper = 0 if image.mode.endswith("B") else 1  # all machines of ours are little-endian
    return Image.frombytes("L", image.size, image.tobytes()[upper::width])


def shrink_to_fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return `image` within `size`, its proportions kept; a smaller one stays as it is."""
    scale = min(size[0] / image.width, size[1] / image.height)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SourceError(f"{path} cannot be read as a picture: {error}") from None
