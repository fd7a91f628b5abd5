"""The pixels of a JPEG, by libjpeg-turbo.

libturbojpeg is called directly: PyTurboJPEG reports a truncated picture as a Python warning and
returns it half grey, and warnings cannot be told apart by thread (docs/decisions/jpeg-decoding.md).
"""

import ctypes
import ctypes.util
import weakref
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.vision.jpeg_header import (
    JpegHeader,
    checked_header,
    damaged,
    read_header,
)
from iot_facerecognition_server.vision.scaling import luma

__all__ = ["JpegDecoder", "JpegHeader", "JpegLibraryError", "checked_header", "read_header"]

FULL_SIZE: Final = 8
"""Scale in eighths at which a pixel of the JPEG is a pixel of the result."""
LARGEST_SCALE: Final = 16
_LARGEST_SIDE: Final = 65500
"""libjpeg's JPEG_MAX_DIMENSION."""

# From turbojpeg.h, the same in libjpeg-turbo 1.4 to 3.1.
_PIXELS_RGB: Final = 0
_PIXELS_GREY: Final = 6
_PIXELS_CMYK: Final = 11
_CHANNELS: Final = {_PIXELS_RGB: 3, _PIXELS_GREY: 1, _PIXELS_CMYK: 4}
_FLAG_LIMIT_SCANS: Final = 32768
"""Refuse progressive files of more than 500 scans, which cost seconds for a few kilobytes."""
_ERROR_WARNING: Final = 0

_HARMLESS: Final = (b"extraneous bytes before marker", b"unknown JFIF revision", b"Unknown Adobe")
"""Warnings (libjpeg's jerror.h) after which the picture is whole; webcams give the first ones."""


class JpegLibraryError(Exception):
    """libturbojpeg is missing or too old; the message says what to install."""


class JpegDecoder:
    """Decodes JPEGs: greyscale, YCbCr, RGB, CMYK and YCCK, sequential and progressive.

    One for each thread; it releases the GIL while libjpeg-turbo works. The caller decides how many
    pixels are too many (`checked_header`) before it asks for them.
    """

    def __init__(self) -> None:
        """Start libturbojpeg. Raises JpegLibraryError where it cannot be loaded."""
        self._library = _load_library()
        self._handle = self._library.tjInitDecompress()
        if not self._handle:
            raise JpegLibraryError(f"libturbojpeg does not start: {self._message(None)!r}")
        weakref.finalize(self, self._library.tjDestroy, self._handle)

    def grey(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return the luma of a JPEG, (h, w) uint8, scaled by `scale` eighths (1 to 16).

        Raises FrameRejectedError with FRAME_EMPTY, FRAME_NOT_JPEG or FRAME_DAMAGED.
        """
        header = read_header(data)
        if header.components == _CHANNELS[_PIXELS_CMYK]:
            return luma(_rgb_from_cmyk(self._decode(data, header, _PIXELS_CMYK, scale)))
        picture = self._decode(data, header, _PIXELS_GREY, scale)
        return picture.reshape(picture.shape[:2])

    def rgb(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return a JPEG as (h, w, 3) uint8 RGB; scale and errors as in `grey`."""
        header = read_header(data)
        if header.components == _CHANNELS[_PIXELS_CMYK]:
            return _rgb_from_cmyk(self._decode(data, header, _PIXELS_CMYK, scale))
        return self._decode(data, header, _PIXELS_RGB, scale)

    def _decode(
        self, data: bytes, header: JpegHeader, pixels: int, scale: int
    ) -> NDArray[np.uint8]:
        """Return (h, w, channels) uint8 in libturbojpeg's pixel format `pixels`."""
        if not 1 <= scale <= LARGEST_SCALE:
            raise ValueError(f"scale is in eighths from 1 to {LARGEST_SCALE}, not {scale}")
        self._check_size(data, header)
        width, height, channels = (
            -(-header.width * scale // FULL_SIZE),
            -(-header.height * scale // FULL_SIZE),
            _CHANNELS[pixels],
        )
        picture = np.empty((height, width, channels), np.uint8)
        status = self._library.tjDecompress2(
            self._handle,
            data,
            len(data),
            picture.ctypes.data,
            width,
            width * channels,
            height,
            pixels,
            _FLAG_LIMIT_SCANS,
        )
        if status:
            message = self._message(self._handle)
            warned = self._library.tjGetErrorCode(self._handle) == _ERROR_WARNING
            if not (warned and any(harmless in message for harmless in _HARMLESS)):
                raise damaged(message.decode("ascii", "replace").rpartition("(): ")[2])
        return picture

    def _check_size(self, data: bytes, header: JpegHeader) -> None:
        """Make sure that libturbojpeg is about to decode the picture that `header` told of."""
        width, height, sampling, space = (ctypes.c_int(0) for _ in range(4))
        # The status is not looked at: it is also bad for rare samplings that decode well.
        self._library.tjDecompressHeader3(
            self._handle, data, len(data), width, height, sampling, space
        )
        if (width.value, height.value) == (header.width, header.height):
            return
        if max(header.width, header.height) > _LARGEST_SIDE:
            raise damaged(f"{header.width} x {header.height}: no side may exceed {_LARGEST_SIDE}")
        message = self._message(self._handle).decode("ascii", "replace").rpartition("(): ")[2]
        raise damaged(message if not width.value else "it has two frame headers")

    def _message(self, handle: int | None) -> bytes:
        text: bytes = self._library.tjGetErrorStr2(handle)
        return text


def _rgb_from_cmyk(cmyk: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGB of CMYK as Adobe writes it into JPEGs and everyone reads it: 255 is no ink."""
    ink_free = cmyk.astype(np.uint16)
    return ((ink_free[:, :, :3] * ink_free[:, :, 3:] + 127) // 255).astype(np.uint8)


def _load_library() -> ctypes.CDLL:
    """Return libturbojpeg with its signatures, from turbojpeg.h."""
    name = ctypes.util.find_library("turbojpeg") or "libturbojpeg.so.0"
    try:
        library = ctypes.CDLL(name)
        library.tjGetErrorCode.argtypes = [ctypes.c_void_p]
    except (OSError, AttributeError) as error:
        raise JpegLibraryError(
            f"{name} cannot be used ({error}); install libjpeg-turbo 2.0 or newer, "
            "on Debian and Ubuntu: apt-get install libturbojpeg0 (or libturbojpeg)"
        ) from error
    integer = ctypes.POINTER(ctypes.c_int)
    library.tjInitDecompress.restype = ctypes.c_void_p
    library.tjDestroy.argtypes = [ctypes.c_void_p]
    library.tjGetErrorStr2.argtypes = [ctypes.c_void_p]
    library.tjGetErrorStr2.restype = ctypes.c_char_p
    data = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong)
    library.tjDecompressHeader3.argtypes = (*data, integer, integer, integer, integer)
    library.tjDecompress2.argtypes = (*data, ctypes.c_void_p, *(ctypes.c_int,) * 5)
    return library
