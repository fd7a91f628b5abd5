"""The marker segments of a JPEG, found without decoding anything: ITU-T T.81, annex B.

Markers are met as libjpeg-turbo would meet them, in linear time whatever the bytes, and without
holding the interpreter for long, so that the walk may be used on hostile input.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.frames import FrameRejectedError

START_OF_IMAGE: Final = b"\xff\xd8"
END_OF_IMAGE: Final = b"\xff\xd9"
EOI: Final = 0xD9
SOS: Final = 0xDA
_SECOND_START: Final = 0xD8
_TEM: Final = 0x01
"""The one marker besides RST, SOI and EOI that stands alone (T.81, table B.1)."""
RESTARTS: Final = range(0xD0, 0xD8)
"""RST0 to RST7, which stand alone."""
_MARKERS: Final = frozenset(range(1, 0xFF)) - {*RESTARTS}
"""Restart markers are passed over, as libjpeg-turbo does outside of a scan and as part of one."""
_STRETCH: Final = 16_384
"""Bytes that are searched in one go at most, in 10 µs; at first fewer, for what lies near."""
_FIRST_STRETCH: Final = 256
_MOST_STRAY: Final = 65_536
"""Bytes between the segments of a header beyond which it is none; webcams write a few."""
_MOST_SEGMENTS: Final = 2000
"""More than any real file has; bounds the time spent on a hostile one."""
_LENGTH_SIZE: Final = 2


class Segment(NamedTuple):
    """One marker segment: its marker's second byte, where that stands, and where its payload is."""

    marker: int
    at: int
    start: int
    end: int


def damaged(reason: str) -> FrameRejectedError:
    """Return the error for a JPEG that begins well and cannot be decoded for `reason`."""
    return FrameRejectedError(ErrorCode.FRAME_DAMAGED, f"the JPEG is damaged: {reason}")


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of the JPEG in `data`, to its end or to where the bytes of a scan run out.

    Raises FrameRejectedError where the bytes are no JPEG, or end or go astray within a header.
    """
    _check_start(data)
    position = len(START_OF_IMAGE)
    scanning, stray = False, 0
    for _ in range(_MOST_SEGMENTS):
        at = position
        pair = data[at : at + 2]
        if len(pair) < 2 or pair[0] != 0xFF or pair[1] not in _MARKERS:  # noqa: PLR2004
            end = len(data) if scanning else min(len(data), position + _MOST_STRAY - stray)
            at = next(marked(data, _MARKER_TABLE, position, end), -1)
            if at < 0:
                if scanning:
                    return
                if end < len(data):
                    raise damaged(f"more than {_MOST_STRAY} stray bytes within the header")
                raise damaged(f"the data ends after {len(data)} bytes, within the header")
            stray += 0 if scanning else at - position
        segment = _segment(data, at)
        yield segment
        if segment.marker == EOI:
            return
        position = segment.end
        scanning |= segment.marker == SOS
    raise damaged(f"more than {_MOST_SEGMENTS} segments")


def is_ended(data: bytes) -> bool:
    """Return whether an end-of-image marker follows the last scan of the JPEG in `data`."""
    if data.endswith(END_OF_IMAGE):
        return True
    for end in range(len(data), 0, -_STRETCH):
        begin = max(0, end - _STRETCH)
        ended = data.rfind(END_OF_IMAGE, begin, end + 1)
        scan = data.rfind(b"\xff\xda", begin, end + 1)
        if ended >= 0 or scan >= 0:
            return ended > scan
    return False


def marked(data: bytes, seconds: NDArray[np.bool_], start: int, end: int) -> Iterator[int]:
    """Yield where ff is followed by one of `seconds`, a `bytes_table`, from `start` to `end`.

    By numpy, which takes the same time for all bytes; `re` takes a hundred times as long for some.
    """
    length = _FIRST_STRETCH
    while start < end - 1:
        # One byte more than the stretch, for a pair that begins with its last one.
        stretch = np.frombuffer(data, np.uint8, min(length + 1, end - start), start)
        found = np.flatnonzero((stretch[:-1] == 0xFF) & seconds[stretch[1:]])  # noqa: PLR2004
        yield from (found + start).tolist()
        start += length
        length = min(2 * length, _STRETCH)


def bytes_table(wanted: Iterable[int]) -> NDArray[np.bool_]:
    """Return (256,) bool: whether a byte is among the `wanted`."""
    table = np.zeros(256, np.bool_)
    table[list(wanted)] = True
    return table


_MARKER_TABLE: Final = bytes_table(_MARKERS)


def _check_start(data: bytes) -> None:
    if not data:
        raise FrameRejectedError(ErrorCode.FRAME_EMPTY, "the frame has no bytes")
    if not data.startswith(START_OF_IMAGE):
        raise FrameRejectedError(
            ErrorCode.FRAME_NOT_JPEG,
            f"the frame begins with {data[:4].hex(' ')}, a JPEG with ff d8; send JPEG only",
        )


def _segment(data: bytes, at: int) -> Segment:
    """Return the segment whose marker stands at `at`."""
    marker, start = data[at + 1], at + 2
    if marker in {_TEM, EOI}:
        return Segment(marker, at, start, start)
    if marker == _SECOND_START:
        raise damaged(f"a second JPEG begins at byte {at}, within the first")
    length = int.from_bytes(data[start : start + _LENGTH_SIZE], "big")
    end = start + length
    if length < _LENGTH_SIZE or end > len(data):
        raise damaged(
            f"segment ff {marker:02x} at byte {at} says it has {length} bytes, "
            f"of {len(data) - start} that are left"
        )
    return Segment(marker, at, start + _LENGTH_SIZE, end)
