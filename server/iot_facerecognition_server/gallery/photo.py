"""The pixels of reference photos: of JPEG and PNG, upright, of bearable size."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from iot_facerecognition_protocol.jpeg_header import ORIENTATION, UPRIGHT
from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.gallery.photo_file import PhotoError
from iot_facerecognition_server.vision.jpeg import FULL_SIZE, JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import read_header
from iot_facerecognition_server.vision.jpeg_segments import START_OF_IMAGE
from iot_facerecognition_server.vision.orientation import upright

LARGEST_PICTURE: Final = 200_000_000
"""Pixels that a photo may have at all; of a PNG, Pillow takes less."""
COMFORTABLE_PIXELS: Final = 16_000_000
"""Pixels beyond which a JPEG is decoded at a fraction of its size."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_SIDES: Final = slice(16, 24)
"""Width and height in the IHDR chunk, which comes first (PNG specification, 11.2.2)."""
_RIFF: Final = b"RIFF"
_BOX_TYPE: Final = slice(4, 8)
_BRAND: Final = slice(8, 12)
_BRANDS: Final = {b"avif": "AVIF", b"avis": "AVIF"} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"
)
"""Brands of ISO base media files that hold pictures (ISO/IEC 23008-12, 10.2; AVIF, 6)."""
_BEGINNINGS: Final = {b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}


def decode_photo(content: bytes, decoder: JpegDecoder) -> NDArray[np.uint8]:
    """Return a photo's pixels, (h, w, 3) uint8 RGB, turned upright as its Exif says.

    Raises PhotoError for what is neither JPEG nor PNG, is damaged or far too large.
    """
    if content.startswith(START_OF_IMAGE):
        return _decode_jpeg(content, decoder)
    if content.startswith(_PNG):
        return _decode_png(content)
    raise PhotoError(f"it is {_other_kind(content)}; convert it to JPEG or PNG")


def _decode_jpeg(content: bytes, decoder: JpegDecoder) -> NDArray[np.uint8]:
    try:
        header = read_header(content)
        _check(header.pixels)
        scale = FULL_SIZE
        while scale > 1 and header.pixels * scale**2 > COMFORTABLE_PIXELS * FULL_SIZE**2:
            scale -= 1
        return upright(decoder.rgb(content, scale), header.orientation)
    except FrameRejectedError as error:
        raise PhotoError(error.message) from error


def _decode_png(content: bytes) -> NDArray[np.uint8]:
    """Decode by Pillow, which releases the GIL meanwhile."""
    sides = content[_PNG_SIDES]
    _check(int.from_bytes(sides[:4], "big") * int.from_bytes(sides[4:], "big"))
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            image.load()
            orientation = image.getexif().get(ORIENTATION, UPRIGHT)
            pixels = _eight_bits(image)
    except Image.DecompressionBombError as error:
        raise PhotoError(f"it has too many pixels ({error}); scale it down") from error
    except UnidentifiedImageError:
        raise PhotoError("the PNG is damaged: its header is wrong") from None
    except MemoryError as error:
        raise PhotoError("there is not enough memory for it; scale it down") from error
    except Exception as error:  # Pillow raises whatever its readers of chunks meet
        raise PhotoError(f"the PNG is damaged: {error}") from error
    return upright(pixels, orientation)


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Return RGB of 8 bits; of grey with 16 bits, which Pillow would cut off at 255, the upper."""
    if not image.mode.startswith("I"):
        return np.asarray(image.convert("RGB"))
    grey = (np.asarray(image) >> 8).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _check(pixels: int) -> None:
    if pixels > LARGEST_PICTURE:
        raise PhotoError(f"it has {pixels / 1e6:.0f} megapixels; scale it down")


def _other_kind(content: bytes) -> str:
    """Return what `content` is, by its first bytes."""
    if content.startswith(_RIFF) and content[_BRAND] == b"WEBP":
        return "a WebP"
    if content[_BOX_TYPE] == b"ftyp" and content[_BRAND] in _BRANDS:
        return f"of the format {_BRANDS[content[_BRAND]]}"
    for beginning, name in _BEGINNINGS.items():
        if content.startswith(beginning):
            return f"a {name}"
    return "neither a JPEG nor a PNG"
