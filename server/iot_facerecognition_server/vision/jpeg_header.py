"""What a JPEG's header promises, and whether decoding it is bearable: found without decoding.

The frame header is the one that libjpeg-turbo would find, in microseconds and bounded time whatever
the bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_protocol.jpeg_header import (
    APP1,
    EXIF,
    FRAME_HEADERS,
    UPRIGHT,
    orientation_in,
    upright_size,
)
from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.jpeg_segments import EOI, SOS, Segment, damaged, segments

_DECODABLE: Final = {0xC0: False, 0xC1: False, 0xC2: True, 0xC9: False, 0xCA: True}
"""The frame headers that libjpeg-turbo decodes, and whether they are progressive."""
_COLOURS: Final = frozenset({1, 3, 4})
"""Components of grey, YCbCr or RGB, and CMYK or YCCK pictures."""
_FIELDS: Final = 6
"""Bytes of a frame header before its components (T.81, figure B.3)."""


class FrameHeader(NamedTuple):
    """The fields of a frame header (T.81, figure B.3), as they stand there."""

    precision: int
    height: int
    width: int
    colours: int
    """How many components it says that it has."""
    components: bytes
    """For each of them three bytes: identifier, sampling factors, quantisation table."""


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Size in pixels as stored, number of colour components (1, 3 or 4), coding and orientation."""

    width: int
    height: int
    components: int
    progressive: bool
    orientation: int = UPRIGHT
    """Exif's, 1 to 8: how the picture is to be turned before it is looked at."""

    @property
    def pixels(self) -> int:
        """How many pixels decoding at full size would make."""
        return self.width * self.height

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the picture when it is upright."""
        return upright_size((self.width, self.height), self.orientation)


@dataclass(frozen=True, slots=True)
class JpegLimits:
    """What decoding a JPEG may cost at most; the defaults are those of the configuration.

    A scan passes over all of the picture, however few bytes it has. So what a picture costs apart
    from its bytes goes with its pixels times its scans.
    """

    pixels: int = 9_000_000
    """Width times height."""
    scans: int = 100
    pixel_scans: int = 200_000_000
    """Width times height times scans."""

    def scans_of(self, header: JpegHeader) -> int:
        """Return how many scans a JPEG with this header may have; one is always allowed."""
        return max(1, min(self.scans, self.pixel_scans // header.pixels))


def read_header(data: bytes) -> JpegHeader:
    """Return what the header of the JPEG in `data` promises, without decoding it.

    Raises FrameRejectedError with FRAME_EMPTY, FRAME_NOT_JPEG or FRAME_DAMAGED, and nothing else,
    whatever the bytes.
    """
    return _header(data, segments(data))


def checked_header(data: bytes, limits: JpegLimits) -> JpegHeader:
    """Return `read_header(data)` when decoding the JPEG stays within `limits`.

    Raises FRAME_TOO_MANY_PIXELS and FRAME_TOO_MANY_SCANS too.
    """
    walk = segments(data)
    header = _header(data, walk)
    if header.pixels > limits.pixels:
        raise FrameRejectedError(
            ErrorCode.FRAME_TOO_MANY_PIXELS,
            f"{header.width} x {header.height} is {header.pixels} pixels, at most {limits.pixels} "
            "are taken here ([Limits] Pixels); send smaller pictures",
        )
    most = limits.scans_of(header)
    if _has_more_scans(data, header, walk, most):
        raise FrameRejectedError(
            ErrorCode.FRAME_TOO_MANY_SCANS,
            f"the JPEG has more than {most} scans, which is the most for {header.width} x "
            f"{header.height} pixels ([Limits] Scans, PixelScans); send baseline JPEGs",
        )
    return header


def _has_more_scans(data: bytes, header: JpegHeader, rest: Iterator[Segment], most: int) -> bool:
    """Return whether more than `most` scans follow; `rest` are the segments after the header's."""
    scans, alone = 0, bytes((header.components,))
    for segment in rest:
        if segment.marker == SOS:
            scans += 1
            if scans > most:
                return True
            # A sequential scan of all components (their number is its first byte) is the whole
            # picture: libjpeg-turbo decodes no second one. So nearly no frame is looked through.
            if not header.progressive and data[segment.start : segment.start + 1] == alone:
                return False
    return False


def _header(data: bytes, walk: Iterator[Segment]) -> JpegHeader:
    orientation: int | None = None
    for segment in walk:
        if segment.marker in FRAME_HEADERS:
            return _checked(segment.marker, frame_header(data, segment), orientation or UPRIGHT)
        if segment.marker == APP1 and data.startswith(EXIF, segment.start):
            if orientation is None:  # of several Exif segments the first one holds
                tiff = data[segment.start + len(EXIF) : segment.end]
                orientation = orientation_in(tiff)
        elif segment.marker in {EOI, SOS}:
            break
    raise damaged("it holds no picture, only tables")


def frame_header(data: bytes, segment: Segment) -> FrameHeader:
    """Read a frame header, whatever its fields say. Raises FrameRejectedError for one cut short."""
    fields = data[segment.start : segment.end]
    if len(fields) < _FIELDS:
        raise damaged(f"its frame header has only {len(fields)} bytes")
    height, width = int.from_bytes(fields[1:3], "big"), int.from_bytes(fields[3:5], "big")
    return FrameHeader(fields[0], height, width, fields[5], fields[_FIELDS:])


def _checked(marker: int, header: FrameHeader, orientation: int) -> JpegHeader:
    """Return what `header` promises. Raises FrameRejectedError for what cannot be decoded."""
    precision, height, width, colours, components = header
    if marker not in _DECODABLE:
        raise damaged(f"its coding (ff {marker:02x}) is lossless or hierarchical")
    if precision != 8:  # noqa: PLR2004 - libjpeg-turbo's only precision, also its name
        raise damaged(f"it has {precision} bits a sample, 8 are supported")
    if not width or not height:
        raise damaged(f"its size is {width} x {height}")
    if colours not in _COLOURS or len(components) != 3 * colours:
        size = _FIELDS + len(components)
        raise damaged(f"its frame header of {size} bytes names {colours} colour components")
    return JpegHeader(width, height, colours, _DECODABLE[marker], orientation)
