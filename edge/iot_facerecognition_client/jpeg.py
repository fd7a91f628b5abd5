"""A JPEG's header and its Exif orientation, read and written without decoding and any library.

Markers and segments as in ITU-T T.81, annex B.
"""

from iot_facerecognition_protocol.jpeg_header import (
    APP1,
    EXIF,
    FRAME_HEADERS,
    UPRIGHT,
    orientation_in,
)
from iot_facerecognition_protocol.records import dataclass

_START = 2
"""Bytes of the start-of-image marker."""
_OF_TURN = {90: 6, 180: 3, 270: 8}
"""Orientation for a turn in clockwise degrees."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and RST0 to RST7: markers without a length."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Width and height as stored; `orientation` is Exif's, 1 (upright) to 8."""

    width: int
    height: int
    orientation: int = UPRIGHT


def read_jpeg_header(data: bytes) -> PictureSize:
    """Return the size of a JPEG. Raises ValueError for anything else."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG: it does not begin with FF D8")
    orientation: int | None = None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:  # noqa: PLR2004 - the byte that begins every marker
            break
        marker = data[at + 1]
        if marker in _STANDALONE or marker == 0xFF:  # noqa: PLR2004 - a fill byte
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + length]
        if marker in FRAME_HEADERS and len(segment) >= 5:  # noqa: PLR2004 - depth, two sizes
            height, width = int.from_bytes(segment[1:3]), int.from_bytes(segment[3:5])
            return PictureSize(width, height, orientation or UPRIGHT)
        if marker == APP1 and segment.startswith(EXIF) and orientation is None:
            orientation = orientation_in(segment[len(EXIF) :])
        at += 2 + length
    raise ValueError("no JPEG: it has no frame header")


def _segment(orientation: int) -> bytes:
    """Return an APP1 segment that says nothing but the orientation (Exif 2.32, 4.5.4, 4.6.4)."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes((0, orientation, 0, 0))
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    body = EXIF + tiff
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body


_SEGMENTS = {turn: _segment(orientation) for turn, orientation in _OF_TURN.items()}


def tagged(jpeg: bytes, turn: int) -> bytes:
    """Return `jpeg`, saying that it is to be turned by `turn` clockwise degrees (0, 90, 180, 270).

    No pixel is touched. Of two orientations readers take the first one.
    """
    if not turn:
        return jpeg
    return jpeg[:_START] + _SEGMENTS[turn] + jpeg[_START:]
