"""Sizes and faces in pictures of a camera that is mounted sideways.

Such pictures are sent as they are with an Exif orientation (`jpeg.tagged` of the client library),
which the server goes by (`docs/protocol.md`, Frames). Turns are clockwise degrees: 0, 90, 180, 270.
"""

from iot_facerecognition_protocol import Face

_HALF = 180


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
