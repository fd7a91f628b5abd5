"""What both sides look for in a JPEG's header: where it tells the size, and which way up it is.

Markers as in ITU-T T.81, annex B; the orientation as in Exif 2.32, 4.6.4 (tag 0x0112). How the
segments are walked is each side's own matter: a server gets any frames, a client reads its own
pictures. Imported by those who read headers, not with the package.
"""

import struct

FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15 without DHT, JPG and DAC, which share the range (T.81, table B.1)."""
APP1 = 0xE1
"""The marker of the segments that hold Exif."""
EXIF = b"Exif\0\0"
"""What comes before the TIFF structure in such a segment."""
ORIENTATION = 0x0112
"""The tag's number in a TIFF directory."""
UPRIGHT = 1
SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations with which width and height change places."""
_VALUES = {3: "H", 4: "I"}
"""How the value of a SHORT and of a LONG is packed; writers use both."""
_ENTRY_SIZE = 12
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def orientation_in(tiff: bytes) -> int:
    """Return the orientation, 1 to 8, in the first directory of a TIFF structure; 1 without one."""
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


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return width and height of a picture of `size` (width, height) when it is upright."""
    return (size[1], size[0]) if orientation in SIDEWAYS else size
