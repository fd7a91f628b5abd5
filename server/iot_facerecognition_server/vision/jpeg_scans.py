"""What stands in the scans of a JPEG, as far as it can be read without decoding: ITU-T T.81."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from iot_facerecognition_protocol.jpeg_header import FRAME_HEADERS
from iot_facerecognition_server.vision.jpeg_header import FrameHeader, frame_header
from iot_facerecognition_server.vision.jpeg_segments import (
    RESTARTS,
    SOS,
    Segment,
    bytes_table,
    damaged,
    marked,
    segments,
)

_DRI: Final = 0xDD
_RESTART_TABLE: Final = bytes_table(RESTARTS)
_BLOCK: Final = 8
"""Pixels of a block's side."""
_COEFFICIENTS: Final = 64
_SCAN_FIELDS: Final = 4
"""Bytes of a scan header without the two for each component (T.81, figure B.4)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: its components, which coefficients it has to which bit, and where its data lie.

    `interval` is the number of MCUs from one restart marker to the next, 0 without such.
    """

    components: tuple[int, ...]
    coefficients: range
    low_bit: int
    interval: int
    start: int
    end: int


def read_scans(data: bytes) -> tuple[FrameHeader, list[Scan]]:
    """Return frame header and scans of the JPEG in `data`. Raises FrameRejectedError."""
    frame = FrameHeader(0, 0, 0, 0, b"")
    scans: list[Scan] = []
    interval = 0
    walk = [*segments(data)]
    for number, segment in enumerate(walk):
        if segment.marker in FRAME_HEADERS:
            frame = frame_header(data, segment)
        elif segment.marker == _DRI:
            interval = int.from_bytes(data[segment.start : segment.end], "big")
        elif segment.marker == SOS:
            end = walk[number + 1].at if number + 1 < len(walk) else len(data)
            scans.append(_scan(data, segment, interval, end))
    return frame, scans


def is_complete(scans: Sequence[Scan]) -> bool:
    """Return whether the scans hold all coefficients of their components to the last bit."""
    missing = {
        (component, coefficient)
        for component in {name for scan in scans for name in scan.components}
        for coefficient in range(_COEFFICIENTS)
    }
    for scan in scans:
        if not scan.low_bit:
            missing -= {
                (component, coefficient)
                for component in scan.components
                for coefficient in scan.coefficients
            }
    return bool(scans) and not missing


def has_all_restarts(data: bytes, frame: FrameHeader, scans: Sequence[Scan]) -> bool:
    """Return whether every scan has the restart markers that it has to have, in their order.

    Raises FrameRejectedError for a scan of components that the frame does not have.
    """
    for scan in scans:
        left = ceil(_mcus(frame, scan) / scan.interval) - 1 if scan.interval else 0
        for number, found in enumerate(_restarts(data, scan)):
            left -= 1
            if left < 0 or found != number % len(RESTARTS):
                return False
        if left:
            return False
    return True


def _restarts(data: bytes, scan: Scan) -> Iterator[int]:
    """Yield the numbers of the restart markers in a scan."""
    for at in marked(data, _RESTART_TABLE, scan.start, scan.end):
        yield data[at + 1] % len(RESTARTS)


def _mcus(frame: FrameHeader, scan: Scan) -> int:
    """Return how many minimum coded units a scan has (T.81, A.2)."""
    sampling = _sampling(frame)
    try:
        factors = [sampling[component] for component in scan.components]
    except KeyError as error:
        raise damaged(f"a scan is of component {error}, which the frame does not have") from None
    most = [max(pair[axis] for pair in sampling.values()) for axis in (0, 1)]
    count = 1
    for axis, side in enumerate((frame.width, frame.height)):
        if len(factors) == 1:  # the blocks of one component, at its own resolution
            count *= ceil(ceil(side * factors[0][axis] / most[axis]) / _BLOCK)
        else:
            count *= ceil(side / (_BLOCK * most[axis]))
    return count


def _sampling(frame: FrameHeader) -> dict[int, tuple[int, int]]:
    """Return (horizontal, vertical) sampling factors by the components' identifiers."""
    fields = frame.components
    return {
        component: (factors >> 4 or 1, factors & 15 or 1)
        for component, factors, _ in zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    }


def _scan(data: bytes, segment: Segment, interval: int, end: int) -> Scan:
    """Read a scan header (T.81, figure B.4)."""
    header = data[segment.start : segment.end]
    if len(header) < _SCAN_FIELDS or len(header) != _SCAN_FIELDS + 2 * header[0]:
        raise damaged(f"a scan header of {len(header)} bytes names {header[0]} components")
    first, last, bits = header[-3:]
    coefficients = range(first, min(last + 1, _COEFFICIENTS))
    return Scan(tuple(header[1:-3:2]), coefficients, bits & 15, interval, segment.end, end)
