"""Reference photos: JPEG and PNG files, upright, of bearable size."""

import errno
from pathlib import Path
from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_server.engine.interface import FrameRejectedError
from iot_facerecognition_server.vision.exif import orientation, upright
from iot_facerecognition_server.vision.jpeg import FULL_SIZE, JpegDecoder, read_header
from iot_facerecognition_server.vision.jpeg_header import START_OF_IMAGE

LARGEST_FILE: Final = 100_000_000
"""Bytes of a photo beyond which it is not read."""
LARGEST_PICTURE: Final = 200_000_000
"""Pixels that a photo may have at all."""
COMFORTABLE_PIXELS: Final = 16_000_000
"""Pixels beyond which a JPEG is decoded at a fraction of its size."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER: Final = slice(16, 24)
"""Width and height in the IHDR chunk, which comes first (PNG specification, 11.2.2)."""


class PhotoError(Exception):
    """A photo cannot be used; the message says why, without its name."""


def read_photo(path: Path) -> bytes:
    """Return the bytes of a photo. Raises FileNotFoundError and PhotoError."""
    try:
        return read_regular(path, LARGEST_FILE)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise PhotoError(f"it has more than {LARGEST_FILE // 1_000_000} MB") from error
        raise PhotoError(f"it cannot be read: {error.strerror}") from error


def decode_photo(content: bytes, path: Path, decoder: JpegDecoder) -> NDArray[np.uint8]:
    """Return a photo's pixels, (h, w, 3) uint8 RGB, turned upright as its Exif says.

    `path` is where `content` was read from. Raises PhotoError for what is neither JPEG nor PNG, is
    damaged or far too large.
    """
    if content.startswith(START_OF_IMAGE):
        return _decode_jpeg(content, decoder)
    if content.startswith(_PNG):
        return _decode_png(content, path)
    raise PhotoError("it is neither a JPEG nor a PNG")


def _decode_jpeg(content: bytes, decoder: JpegDecoder) -> NDArray[np.uint8]:
    try:
        header = read_header(content)
        _check(header.pixels)
        scale = FULL_SIZE
        while scale > 1 and header.pixels * scale**2 > COMFORTABLE_PIXELS * FULL_SIZE**2:
            scale -= 1
        return upright(decoder.rgb(content, scale), orientation(content))
    except FrameRejectedError as error:
        raise PhotoError(error.message) from error


def _decode_png(content: bytes, path: Path) -> NDArray[np.uint8]:
    sides = content[_PNG_HEADER]
    _check(int.from_bytes(sides[:4], "big") * int.from_bytes(sides[4:], "big"))
    try:
        picture: NDArray[np.uint8] = dlib.load_rgb_image(str(path))
    except RuntimeError as error:
        raise PhotoError(f"the PNG is damaged: {error}") from error
    return picture


def _check(pixels: int) -> None:
    if pixels > LARGEST_PICTURE:
        raise PhotoError(f"it has {pixels / 1e6:.0f} megapixels; scale it down")
