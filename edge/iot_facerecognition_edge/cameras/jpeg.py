"""Small previews out of JPEGs, and JPEGs out of YUYV, both by libturbojpeg.

Through ctypes: apt has the library, but not the usual wrapper, which would bring NumPy with it.
Signatures and numbers are from turbojpeg.h, the same in libjpeg-turbo 1.4 to 3.1.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CDLL, POINTER, byref, c_char_p, c_int, c_ulong, c_void_p

from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.errors import CameraError

_LIBRARY = "libturbojpeg.so.0"
_422 = 1
"""TJSAMP_422"""
_BGRX = 3
"""TJPF_BGRX"""
_BYTES = 4
"""Of a pixel."""
_LIMIT_SCANS = 32768
"""TJFLAG_LIMITSCANS: reject progressive files of more than 500 scans, which take seconds."""
_WARNING = 0
"""TJERR_WARNING"""
_SCALES = ((1, 8), (1, 4), (3, 8), (1, 2), (1, 1))
"""Scales at which the decoder skips work; others only look smaller."""
_HALF = 2


class JpegCodec:
    """Decodes and encodes, each time with a handle of its own: handles keep tables and states."""

    def __init__(self) -> None:
        """Load the library. Raises CameraError where it is missing."""
        try:
            self._library = _loaded()
        except (OSError, AttributeError) as error:
            raise CameraError(
                f"camera: this camera needs libturbojpeg ({error}): sudo apt install libturbojpeg0"
            ) from error

    def preview(self, jpeg: bytes, wanted: tuple[int, int], time: float) -> PreviewImage | None:
        """Return `jpeg` in colour, decoded to no less than `wanted` where it is larger than that.

        None for a picture that is damaged: USB cameras send such now and then. One that ends too
        early is shown as far as it goes.
        """
        library = self._library
        with _handle(library, library.tjInitDecompress) as handle:
            width, height, sampling, colours = (c_int() for _ in range(4))
            if library.tjDecompressHeader3(
                handle,
                jpeg,
                len(jpeg),
                byref(width),
                byref(height),
                byref(sampling),
                byref(colours),
            ):
                return None
            if not width.value or not height.value:
                return None  # it ends before its frame
            columns, rows = _scaled((width.value, height.value), wanted)
            pixels = ctypes.create_string_buffer(columns * rows * _BYTES)
            failed = library.tjDecompress2(
                handle, jpeg, len(jpeg), pixels, columns, 0, rows, _BGRX, _LIMIT_SCANS
            )
            if failed and library.tjGetErrorCode(handle) != _WARNING:
                return None
        return PreviewImage(columns, rows, PixelFormat.BGRX, pixels.raw, time)

    def from_yuyv(self, content: bytes, size: tuple[int, int], stride: int, quality: int) -> bytes:
        """Return the JPEG of a picture with 4:2:2 samples in the order Y, U, Y, V.

        `size` is even across, as the format is. Raises ValueError where `content` is shorter than
        the picture.
        """
        width, height = size
        if len(content) < stride * height:
            raise ValueError(f"{len(content)} bytes are no picture of {width}x{height}")
        samples = _without_padding(content, width * _HALF, stride, height)
        planes = (c_char_p * 3)(samples[0::2], samples[1::4], samples[3::4])
        strides = (c_int * 3)(width, width // _HALF, width // _HALF)
        library = self._library
        with _handle(library, library.tjInitCompress) as handle:
            written, length = c_void_p(), c_ulong()
            try:
                failed = library.tjCompressFromYUVPlanes(
                    handle, planes, width, strides, height, _422,
                    byref(written), byref(length), quality, 0,
                )  # fmt: skip
                if failed:
                    raise ValueError(library.tjGetErrorStr2(handle).decode("ascii", "replace"))
                return ctypes.string_at(written, length.value)
            finally:
                library.tjFree(written)


def _without_padding(content: bytes, row: int, stride: int, height: int) -> bytes:
    """Return rows of `row` bytes, one directly after the other."""
    if stride == row:
        return content[: row * height]
    return b"".join(content[start : start + row] for start in range(0, stride * height, stride))


def _scaled(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """Return the size at the smallest scale that is no less than `wanted` in one direction."""
    for numerator, denominator in _SCALES:
        # Rounded up, as TJSCALED does.
        width, height = (-(-side * numerator // denominator) for side in size)
        if any(
            side * numerator >= least * denominator
            for side, least in zip(size, wanted, strict=True)
        ):
            break
    return width, height


@contextmanager
def _handle(library: CDLL, make: Callable[[], int | None]) -> Iterator[c_void_p]:
    handle = c_void_p(make())
    if not handle:
        raise MemoryError("libturbojpeg has no memory for another picture")
    try:
        yield handle
    finally:
        library.tjDestroy(handle)


def _loaded() -> CDLL:
    """Return the library with the types of what is called. Raises OSError or AttributeError."""
    library = CDLL(_LIBRARY)
    library.tjInitDecompress.restype = library.tjInitCompress.restype = c_void_p
    library.tjDecompressHeader3.argtypes = (c_void_p, c_char_p, c_ulong, *[POINTER(c_int)] * 4)
    library.tjDecompress2.argtypes = (
        *(c_void_p, c_char_p, c_ulong, c_void_p),
        *(c_int, c_int, c_int, c_int, c_int),
    )
    library.tjCompressFromYUVPlanes.argtypes = (
        *(c_void_p, POINTER(c_char_p), c_int, POINTER(c_int), c_int, c_int),
        *(POINTER(c_void_p), POINTER(c_ulong), c_int, c_int),
    )
    library.tjGetErrorCode.argtypes = library.tjDestroy.argtypes = (c_void_p,)
    library.tjFree.argtypes = (c_void_p,)
    library.tjGetErrorStr2.argtypes = (c_void_p,)
    library.tjGetErrorStr2.restype = c_char_p
    return library
