"""Which way up a photo is: the Exif orientation in a JPEG."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.vision.jpeg_header import SegmentWalker

UPRIGHT: Final = 1
_APP1: Final = 0xE1
_LAST_SEGMENTS: Final = frozenset({0xD9, 0xDA})
_EXIF: Final = b"Exif\0\0"
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3
_ENTRY_SIZE: Final = 12
_BYTE_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}


def orientation(jpeg: bytes) -> int:
    """Return the orientation of a JPEG, 1 to 8 as Exif 2.3 defines it; 1 where none is told.

    Raises FrameRejectedError where the bytes are no JPEG.
    """
    for segment in SegmentWalker(jpeg):
        if segment.marker in _LAST_SEGMENTS:
            break
        if segment.marker == _APP1 and jpeg.startswith(_EXIF, segment.start):
            return _orientation_in(jpeg[segment.start + len(_EXIF) : segment.end])
    return UPRIGHT


def upright(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return (h, w, ...) `picture` turned and mirrored as `orientation` says it is to be shown."""
    turned = {3: 2, 4: 2, 5: -1, 6: -1, 7: 1, 8: 1}.get(orientation, 0)
    picture = np.rot90(picture, turned)
    if orientation in {2, 4, 5, 7}:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def _orientation_in(tiff: bytes) -> int:
    """Look the orientation up in the first directory of a TIFF header."""
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for start in range(directory + 2, directory + 2 + entries * _ENTRY_SIZE, _ENTRY_SIZE):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start)
            if tag == _ORIENTATION and kind == _SHORT:
                return value if 1 <= value <= 8 else UPRIGHT  # noqa: PLR2004 - Exif's range
    except struct.error:  # a directory that points outside: as if there were none
        return UPRIGHT
    return UPRIGHT
