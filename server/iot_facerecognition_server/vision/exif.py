"""Which way up a picture is: the Exif orientation, 1 to 8 as Exif 2.3 defines it."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box

UPRIGHT: Final = 1
HEADER: Final = b"Exif\0\0"
"""What stands before the TIFF structure in a JPEG's APP1 segment."""
ORIENTATION: Final = 0x0112
"""The tag's number in a TIFF directory."""
_VALUES: Final = {3: "H", 4: "I"}
"""How the value of a SHORT and of a LONG is packed; writers use both."""
_ENTRY_SIZE: Final = 12
_BYTE_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_MIRRORED_ACROSS: Final = frozenset({2, 3, 6, 7})
_MIRRORED_DOWN: Final = frozenset({3, 4, 7, 8})
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""Width and height change places."""


def orientation_in(tiff: bytes) -> int:
    """Return the orientation in the first directory of a TIFF structure; 1 where there is none."""
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for start in range(directory + 2, directory + 2 + entries * _ENTRY_SIZE, _ENTRY_SIZE):
            tag, kind, _ = struct.unpack_from(f"{order}HHI", tiff, start)
            if tag == ORIENTATION and kind in _VALUES:
                (value,) = struct.unpack_from(f"{order}{_VALUES[kind]}", tiff, start + 8)
                return value if 1 <= value <= 8 else UPRIGHT  # noqa: PLR2004 - Exif's range
    except struct.error:  # a directory that points outside: as if there were none
        return UPRIGHT
    return UPRIGHT


def upright(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return (h, w, ...) `picture` turned and mirrored as `orientation` says it is to be shown."""
    if orientation == UPRIGHT:
        return picture
    if orientation in _SIDEWAYS:
        picture = picture.swapaxes(0, 1)
    if orientation in _MIRRORED_DOWN:
        picture = picture[::-1]
    if orientation in _MIRRORED_ACROSS:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return width and height of a picture of `size` (width, height) when it is upright."""
    return (size[1], size[0]) if orientation in _SIDEWAYS else size


def as_stored(box: Box, size: tuple[int, int], orientation: int) -> Box:
    """Return where `box` of an upright picture of `size` (width, height) is before it is turned."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    if orientation in _MIRRORED_ACROSS:
        left, right = size[0] - right, size[0] - left
    if orientation in _MIRRORED_DOWN:
        top, bottom = size[1] - bottom, size[1] - top
    if orientation in _SIDEWAYS:
        left, top, right, bottom = top, left, bottom, right
    return Box(left, top, right, bottom)
