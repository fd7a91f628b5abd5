"""ZBar's scanner for QR codes, through ctypes: it is a dozen functions of a library in C.

Debian's python3-zbar would do the same with a module that has to be built for each Python.
"""

import ctypes
from ctypes import CDLL, c_char_p, c_int, c_uint, c_ulong, c_void_p

from iot_facerecognition_edge.errors import EdgeError

_LIBRARY = "libzbar.so.0"
_QR_CODE = 64
"""ZBAR_QRCODE"""
_ENABLE = 0
"""ZBAR_CFG_ENABLE"""
_GREY = int.from_bytes(b"Y800", "little")
_MOST_BYTES = 4096
"""More than any QR code holds."""


class ZBarMissingError(EdgeError):
    """The library is not installed; the message says how it is."""


class ZBar:
    """Finds QR codes in grey pictures. Not for two threads at a time."""

    def __init__(self) -> None:
        """Load the library. Raises ZBarMissingError."""
        try:
            library = CDLL(_LIBRARY)
        except OSError as error:
            raise ZBarMissingError(
                f"QR codes cannot be read without ZBar ({error}): sudo apt install libzbar0"
            ) from None
        _declare(library)
        self._library = library
        self._scanner = library.zbar_image_scanner_create()
        library.zbar_image_scanner_set_config(self._scanner, 0, _ENABLE, 0)
        library.zbar_image_scanner_set_config(self._scanner, _QR_CODE, _ENABLE, 1)

    def scan(self, grey: bytes, width: int, height: int) -> list[bytes]:
        """Return what the QR codes in a picture hold; `grey` has a byte a pixel, row by row.

        Raises ValueError where it is too short.
        """
        if len(grey) < width * height:
            raise ValueError(f"{len(grey)} bytes are no picture of {width}x{height}")
        library = self._library
        image = library.zbar_image_create()
        try:
            library.zbar_image_set_format(image, _GREY)
            library.zbar_image_set_size(image, width, height)
            library.zbar_image_set_data(image, grey, width * height, None)
            found = []
            if library.zbar_scan_image(self._scanner, image) > 0:
                symbol = library.zbar_image_first_symbol(image)
                while symbol:
                    length = library.zbar_symbol_get_data_length(symbol)
                    data = library.zbar_symbol_get_data(symbol)
                    found.append(ctypes.string_at(data, min(length, _MOST_BYTES)))
                    symbol = library.zbar_symbol_next(symbol)
            return found
        finally:
            library.zbar_image_destroy(image)


def _declare(library: CDLL) -> None:
    """Give the functions their types (zbar.h)."""
    for name, result, arguments in (
        ("zbar_image_scanner_create", c_void_p, ()),
        ("zbar_image_scanner_set_config", c_int, (c_void_p, c_int, c_int, c_int)),
        ("zbar_image_create", c_void_p, ()),
        ("zbar_image_destroy", None, (c_void_p,)),
        ("zbar_image_set_format", None, (c_void_p, c_ulong)),
        ("zbar_image_set_size", None, (c_void_p, c_uint, c_uint)),
        ("zbar_image_set_data", None, (c_void_p, c_char_p, c_ulong, c_void_p)),
        ("zbar_scan_image", c_int, (c_void_p, c_void_p)),
        ("zbar_image_first_symbol", c_void_p, (c_void_p,)),
        ("zbar_symbol_next", c_void_p, (c_void_p,)),
        ("zbar_symbol_get_data_length", c_uint, (c_void_p,)),
        ("zbar_symbol_get_data", c_void_p, (c_void_p,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
