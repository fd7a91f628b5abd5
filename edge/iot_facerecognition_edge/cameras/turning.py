"""Pictures of a camera that is mounted sideways: sent as they are, marked as to be turned.

The JPEG gets an Exif orientation, which the server goes by (`docs/protocol.md`, Frames); no pixel
of it is touched. Turns are clockwise degrees: 0, 90, 180 or 270.
"""

from iot_facerecognition_protocol import Face

_START = 2
"""Bytes of the start-of-image marker, after which the segment is put."""
_ORIENTATIONS = {90: 6, 180: 3, 270: 8}
_HALF = 180


def _segment(orientation: int) -> bytes:
    """Return an APP1 segment that says nothing but the orientation (Exif 2.32, 4.5.4, 4.6.4)."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes((0, orientation, 0, 0))
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body


_SEGMENTS = {turn: _segment(orientation) for turn, orientation in _ORIENTATIONS.items()}


def tagged(jpeg: bytes, turn: int) -> bytes:
    """Return `jpeg`, saying that it is to be turned; of two orientations the first one holds."""
    if not turn:
        return jpeg
    return jpeg[:_START] + _SEGMENTS[turn] + jpeg[_START:]


def turned_size(size: tuple[int, int], turn: int) -> tuple[int, int]:
    """Return width and height after the turn."""
    return size if turn % _HALF == 0 else (size[1], size[0])


def turned_face(face: Face, size: tuple[int, int], turn: int) -> Face:
    """Return where a face of the frame as sent is in the upright picture of `size`."""
    x, y, width, height = face.x, face.y, face.width, face.height
    match turn:
        case 90:
            x, y, width, height = size[0] - y - height, x, height, width
        case 180:
            x, y = size[0] - x - width, size[1] - y - height
        case 270:
            x, y, width, height = y, size[1] - x - width, height, width
        case _:
            return face
    return Face(face.tag, x, y, width, height, face.distance, face.score, face.track)
