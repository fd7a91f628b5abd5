"""JPEGs whose pixels are whole and whose framing is not, brought into order without decoding."""

from typing import Final

from iot_facerecognition_server.vision.jpeg_scans import is_complete, read_scans
from iot_facerecognition_server.vision.jpeg_segments import (
    END_OF_IMAGE,
    SOS,
    START_OF_IMAGE,
    damaged,
    is_ended,
    segments,
)

_APP0: Final = 0xE0
_APP14: Final = 0xEE
_JFIF: Final = b"JFIF\0"
_ADOBE: Final = b"Adobe"
_ADOBE_TRANSFORM: Final = 11
"""Where Adobe's segment tells the colour transform: 0 for none."""
_TRANSFORMS: Final = {1: 1, 3: 1, 4: 2}
"""The transform that libjpeg takes an unknown one for, by the number of components."""


def with_end(data: bytes) -> bytes:
    """Return `data` with an end-of-image marker after its scans: itself, where there is one.

    What is cut off within a scan is found missing by the decoder then. Between two scans it would
    not be. Raises FrameRejectedError for such.
    """
    if is_ended(data):
        return data
    data = data + END_OF_IMAGE
    _, scans = read_scans(data)
    if not is_complete(scans):
        raise damaged("it ends before its last scan")
    return data


def with_clean_header(data: bytes, components: int) -> bytes:
    """Return `data` without the faults in its header that libjpeg-turbo only warns of.

    These are stray bytes between segments, and unknown versions of JFIF's and Adobe's segments, of
    a JPEG with 1, 3 or 4 `components`.
    Raises FrameRejectedError.
    """
    parts = [START_OF_IMAGE]
    for segment in segments(data):
        if segment.marker == SOS:
            return b"".join([*parts, data[segment.at :]])
        payload = bytearray(data[segment.at : segment.end])
        body = segment.start - segment.at
        if segment.marker == _APP0 and data.startswith(_JFIF, segment.start):
            payload[body + len(_JFIF) : body + len(_JFIF) + 1] = b"\x01"
        elif segment.marker == _APP14 and data.startswith(_ADOBE, segment.start):
            at = body + _ADOBE_TRANSFORM
            if any(payload[at : at + 1]):
                payload[at] = _TRANSFORMS[components]
        parts.append(bytes(payload))
    raise damaged("it holds no scan")
