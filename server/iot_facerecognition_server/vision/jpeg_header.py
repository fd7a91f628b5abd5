"""What a JPEG's header promises, read without decoding anything.

A walker over the marker segments of ITU-T T.81, annex B. It finds the same frame header as
libjpeg-turbo would, in microseconds and bounded time whatever the bytes, so that the event loop may
use it on hostile input.
"""

import re
from dataclasses import dataclass

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.engine.interface import FrameRejectedError

START_OF_IMAGE = b"\xff\xd8"
_END_OF_IMAGE = 0xD9
_START_OF_SCAN = 0xDA
_SECOND_START = 0xD8
_APP0, _APP15 = 0xE0, 0xEF
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and RST0..RST7 stand alone (T.81, table B.1)."""
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0..SOF15 without DHT, JPG and DAC, which share the range (T.81, table B.1)."""
_DECODABLE = {0xC0: False, 0xC1: False, 0xC2: True, 0xC9: False, 0xCA: True}
"""The frame headers that libjpeg-turbo decodes, and whether they are progressive."""
_COLOURS = frozenset({1, 3, 4})
"""Components of grey, YCbCr or RGB, and CMYK or YCCK pictures."""
_MARKER = re.compile(rb"\xff([^\x00\xff])")
"""Any number of fill bytes ff may stand before; a pattern with all of them takes quadratic time."""
_MOST_SEGMENTS = 2000
"""More than any real file has before its frame header; bounds the time spent on a hostile one."""
_FRAME_HEADER_SIZE = 8
_LENGTH_SIZE = 2


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Size in pixels, number of colour components (1, 3 or 4) and coding of a JPEG."""

    width: int
    height: int
    components: int
    progressive: bool

    @property
    def pixels(self) -> int:
        """How many pixels decoding at full size would make."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: the marker's second byte, and where its payload lies in the data."""

    marker: int
    start: int
    end: int


class SegmentWalker:
    """Iterates over the segments before the first scan, as libjpeg-turbo would meet them.

    Raises FrameRejectedError where the bytes are no JPEG or end too early.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = len(START_OF_IMAGE)
        self._left = _MOST_SEGMENTS
        if not data:
            raise FrameRejectedError(ErrorCode.FRAME_EMPTY, "the frame has no bytes")
        if not data.startswith(START_OF_IMAGE):
            raise FrameRejectedError(
                ErrorCode.FRAME_NOT_JPEG,
                f"the frame begins with {data[:4].hex(' ')}, a JPEG with ff d8; send JPEG only",
            )

    def __iter__(self) -> "SegmentWalker":
        return self

    def __next__(self) -> Segment:
        """Return the next segment; marker 0xD9 or 0xDA is the last one."""
        data = self._data
        self._left -= 1
        if not self._left:
            raise damaged(f"more than {_MOST_SEGMENTS} segments and still no picture")
        found = _MARKER.search(data, self._position)
        if found is None:
            raise damaged(f"the data ends after {len(data)} bytes, within the header")
        marker, start = found[1][0], found.end()
        if marker in _WITHOUT_LENGTH or marker == _END_OF_IMAGE:
            self._position = start
            return Segment(marker, start, start)
        if marker == _SECOND_START:
            raise damaged(f"a second JPEG begins at byte {found.start()}, within the header")
        length = int.from_bytes(data[start : start + _LENGTH_SIZE], "big")
        end = start + length
        if length < _LENGTH_SIZE or end > len(data):
            raise damaged(
                f"segment ff {marker:02x} at byte {found.start()} says it has {length} bytes, "
                f"of {len(data) - start} that are left"
            )
        self._position = end
        return Segment(marker, start + _LENGTH_SIZE, end)


def read_header(data: bytes) -> JpegHeader:
    """Return what the header of the JPEG in `data` promises, without decoding it.

    Raises FrameRejectedError with FRAME_EMPTY, FRAME_NOT_JPEG or FRAME_DAMAGED, and nothing else,
    whatever the bytes.
    """
    for segment in SegmentWalker(data):
        if segment.marker in _FRAME_HEADERS:
            return _frame_header(data, segment)
        if segment.marker in {_END_OF_IMAGE, _START_OF_SCAN}:
            break
    raise damaged("it holds no picture, only tables")


def checked_header(data: bytes, max_pixels: int) -> JpegHeader:
    """Return `read_header(data)`; raises FRAME_TOO_MANY_PIXELS too where it promises too much."""
    header = read_header(data)
    if header.pixels > max_pixels:
        raise FrameRejectedError(
            ErrorCode.FRAME_TOO_MANY_PIXELS,
            f"{header.width} x {header.height} is {header.pixels} pixels, at most {max_pixels} "
            "are taken here ([Limits] Pixels); send smaller pictures",
        )
    return header


def damaged(reason: str) -> FrameRejectedError:
    """Return the error for a JPEG that begins well and cannot be decoded for `reason`."""
    return FrameRejectedError(ErrorCode.FRAME_DAMAGED, f"the JPEG is damaged: {reason}")


def _frame_header(data: bytes, segment: Segment) -> JpegHeader:
    """Read a frame header (T.81, figure B.3): precision, height, width, components."""
    size = segment.end - segment.start
    fields = data[segment.start : segment.start + _FRAME_HEADER_SIZE - _LENGTH_SIZE]
    if len(fields) < _FRAME_HEADER_SIZE - _LENGTH_SIZE:
        raise damaged(f"its frame header has only {size} bytes")
    precision, components = fields[0], fields[5]
    height, width = int.from_bytes(fields[1:3], "big"), int.from_bytes(fields[3:5], "big")
    if segment.marker not in _DECODABLE:
        raise damaged(f"its coding (ff {segment.marker:02x}) is lossless or hierarchical")
    if precision != 8:  # noqa: PLR2004 - libjpeg-turbo's only precision, also its name
        raise damaged(f"it has {precision} bits a sample, 8 are supported")
    if not width or not height:
        raise damaged(f"its size is {width} x {height}")
    if components not in _COLOURS or size != len(fields) + 3 * components:
        raise damaged(f"its frame header of {size} bytes names {components} colour components")
    return JpegHeader(width, height, components, _DECODABLE[segment.marker])
