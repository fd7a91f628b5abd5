"""libturbojpeg's decompressor, without any policy: what it says of a picture goes to the caller.

Signatures and numbers are from turbojpeg.h, the same in libjpeg-turbo 1.4 to 3.1.
"""

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PIXELS_RGB: Final = 0
PIXELS_GREY: Final = 6
PIXELS_CMYK: Final = 11
CHANNELS: Final = {PIXELS_RGB: 3, PIXELS_GREY: 1, PIXELS_CMYK: 4}
_FLAG_STOP_ON_WARNING: Final = 8192
_FLAG_LIMIT_SCANS: Final = 32768
"""Refuse progressive files of more than 500 scans, whatever else was checked."""
_ERROR_WARNING: Final = 0


class JpegLibraryError(Exception):
    """libturbojpeg is missing or too old; the message says what to install."""


@dataclass(frozen=True, slots=True)
class DecoderMessage:
    """What libturbojpeg says of a picture; after a `warning` it could have gone on."""

    text: str
    warning: bool


class Decompressor:
    """One handle of libturbojpeg, for one picture: it keeps tables and states from call to call."""

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        """Use `handle`, which belongs to the caller."""
        self._library = library
        self._handle = handle

    def size(self, data: bytes) -> tuple[tuple[int, int], DecoderMessage | None]:
        """Return width and height, (0, 0) where the header has none, and the first message."""
        width, height, sampling, space = (ctypes.c_int(0) for _ in range(4))
        status = self._library.tjDecompressHeader3(
            self._handle, data, len(data), width, height, sampling, space
        )
        return (width.value, height.value), self._message() if status else None

    def decode(
        self, data: bytes, picture: NDArray[np.uint8], pixels: int, *, stop_on_warning: bool
    ) -> DecoderMessage | None:
        """Fill `picture`, (h, w, channels), whose size is one of the library's scaled ones.

        `pixels` is its format, one of `CHANNELS`. Returns the first message; with
        `stop_on_warning` it is also the last one, and what comes after it is not decoded.
        """
        height, width, channels = picture.shape
        status = self._library.tjDecompress2(
            self._handle,
            data,
            len(data),
            picture.ctypes.data,
            width,
            width * channels,
            height,
            pixels,
            _FLAG_LIMIT_SCANS | (_FLAG_STOP_ON_WARNING if stop_on_warning else 0),
        )
        return self._message() if status else None

    def _message(self) -> DecoderMessage:
        text: bytes = self._library.tjGetErrorStr2(self._handle)
        warning = self._library.tjGetErrorCode(self._handle) == _ERROR_WARNING
        return DecoderMessage(text.decode("ascii", "replace").rpartition("(): ")[2], warning)


class TurboJpeg:
    """The library. Callable from any thread; the GIL is released while it works."""

    def __init__(self) -> None:
        """Load libturbojpeg. Raises JpegLibraryError."""
        self._library = _load_library()

    @contextmanager
    def decompressor(self) -> Iterator[Decompressor]:
        """Lend a decompressor that has seen no other picture, and end it, whatever happens.

        That costs 4 µs. Raises JpegLibraryError where the library refuses to start.
        """
        handle = self._library.tjInitDecompress()
        if not handle:
            raise JpegLibraryError("libturbojpeg does not start: is the memory exhausted?")
        try:
            yield Decompressor(self._library, handle)
        finally:
            self._library.tjDestroy(handle)


def _load_library() -> ctypes.CDLL:
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
