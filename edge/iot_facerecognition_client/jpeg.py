"""A JPEG's header and its Exif orientation, read and written without decoding and any library.

Markers and segments as in ITU-T T.81, annex B; the orientation as in Exif 2.32, 4.6.4.
"""

from iot_facerecognition_protocol.records import dataclass

_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15, without DHT, JPG and DAC."""
_APP1 = 0xE1
_START = 2
"""Bytes of the start-of-image marker."""
_OF_TURN = {90: 6, 180: 3, 270: 8}
"""Orientation for a turn in clockwise degrees."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and RST0 to RST7: markers without a length."""
EXIF_ORIENTATION = 0x0112
"""The tag of how a picture is to be turned: 1 (not at all) to 8; from 5 on its sides change."""
ROTATED = range(5, 9)
"""Orientations that exchange width and height."""
_SIZES = {3: 2, 4: 4}
"""Bytes of a SHORT and of a LONG; writers use both for the orientation."""


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Width and height as stored; `orientation` is Exif's, 1 (upright) to 8."""

    width: int
    height: int
    orientation: int = 1


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Return the header of a JPEG. Raises ValueError for anything else."""
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
        if marker in _FRAME_HEADERS and len(segment) >= 5:  # noqa: PLR2004 - depth, two sizes
            height, width = int.from_bytes(segment[1:3]), int.from_bytes(segment[3:5])
            return JpegHeader(width, height, orientation or 1)
        if marker == _APP1 and segment[:6] == b"Exif\0\0" and orientation is None:
            orientation = _exif_orientation(segment[6:])
        at += 2 + length
    raise ValueError("no JPEG: it has no frame header")


def _exif_orientation(tiff: bytes) -> int:
    """Return the orientation in a TIFF structure, 1 where there is none."""
    if tiff[:2] not in {b"II", b"MM"}:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if tiff[:1] == b"I" else "big")

    directory = number(4, 4)
    for entry in range(number(directory, 2)):
        at = directory + 2 + 12 * entry
        if at + 12 > len(tiff):
            break
        if number(at, 2) == EXIF_ORIENTATION:
            found = number(at + 8, _SIZES.get(number(at + 2, 2), 2))
            return found if found in range(1, 9) else 1
    return 1


def _segment(orientation: int) -> bytes:
    """Return an APP1 segment that says nothing but the orientation (Exif 2.32, 4.5.4, 4.6.4)."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes((0, orientation, 0, 0))
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body


_SEGMENTS = {turn: _segment(orientation) for turn, orientation in _OF_TURN.items()}


def tagged(jpeg: bytes, turn: int) -> bytes:
    """Return `jpeg`, saying that it is to be turned by `turn` clockwise degrees (0, 90, 180, 270).

    No pixel is touched. Of two orientations readers take the first one.
    """
    if not turn:
        return jpeg
    return jpeg[:_START] + _SEGMENTS[turn] + jpeg[_START:]
