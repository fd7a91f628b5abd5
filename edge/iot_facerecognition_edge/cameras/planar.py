"""Colour for the small stream of the Raspberry Pi's camera: YUV 4:2:0 to BGRX by libturbojpeg.

Through ctypes, for it is one function, and the usual wrapper brings NumPy with it.
"""

import ctypes
from ctypes import CDLL, POINTER, Array, byref, c_char_p, c_int, c_ubyte, c_void_p

from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage

_LIBRARY = "libturbojpeg.so.0"
_420 = 2
"""TJSAMP_420"""
_BGRX = 3
"""TJPF_BGRX"""
_BYTES = 4
"""Of a pixel."""


class PlanarConverter:
    """Makes previews out of planar pictures; grey ones too where libturbojpeg is not installed."""

    def __init__(self, *, colour: bool = True) -> None:
        """Make previews in `colour` where that is possible."""
        self._library: CDLL | None = None
        self._pixels: Array[c_ubyte] = (c_ubyte * 0)()
        """What the library writes to: made for each picture it would have to be cleared."""
        if not colour:
            return
        try:
            library = CDLL(_LIBRARY)
        except OSError:
            # A preview in grey is as good for finding oneself in the picture, and costs less.
            return
        library.tjInitDecompress.restype = c_void_p
        library.tjDecodeYUVPlanes.argtypes = (
            c_void_p,
            POINTER(c_void_p),
            POINTER(c_int),
            *(c_int, c_void_p, c_int, c_int, c_int, c_int, c_int),
        )
        library.tjGetErrorStr2.restype = c_char_p
        library.tjGetErrorStr2.argtypes = (c_void_p,)
        self._handle = library.tjInitDecompress()
        self._library = library

    @property
    def colour(self) -> bool:
        """Whether previews are in colour."""
        return self._library is not None

    def preview(
        self, planes: bytes, size: tuple[int, int], stride: int, time: float
    ) -> PreviewImage:
        """Return the picture in `planes`: luma with `stride` bytes a row, U and V with half.

        `size` is even in both directions. Raises ValueError where `planes` is too short.
        """
        width, height = size
        luma, chroma = stride * height, stride // 2 * (height // 2)
        if len(planes) < luma + 2 * chroma:
            raise ValueError(f"{len(planes)} bytes are no picture of {width}x{height}")
        if self._library is None:
            return PreviewImage(
                width, height, PixelFormat.GREY, _cropped(planes, size, stride), time
            )
        source = ctypes.cast(c_char_p(planes), c_void_p).value or 0
        pointers = (c_void_p * 3)(source, source + luma, source + luma + chroma)
        strides = (c_int * 3)(stride, stride // 2, stride // 2)
        if len(self._pixels) != width * height * _BYTES:
            self._pixels = (c_ubyte * (width * height * _BYTES))()
        pixels = self._pixels
        failed = self._library.tjDecodeYUVPlanes(
            self._handle, pointers, strides, _420, byref(pixels), width, 0, height, _BGRX, 0
        )
        if failed:
            raise ValueError(str(self._library.tjGetErrorStr2(self._handle), "utf-8"))
        return PreviewImage(width, height, PixelFormat.BGRX, bytes(pixels), time)


def _cropped(planes: bytes, size: tuple[int, int], stride: int) -> bytes:
    width, height = size
    if stride == width:
        return planes[: width * height]
    return b"".join(planes[row : row + width] for row in range(0, stride * height, stride))
