"""Where faces lie on the screen. Plain geometry: no canvas, no clock.

Rectangles are (x, y, width, height) in whole pixels.
"""

from collections.abc import Iterable

from iot_facerecognition_client.tag_layout import Rectangle
from iot_facerecognition_protocol import Face
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face's rectangle on the screen. `tag` is empty for one that nobody knows."""

    rect: Rectangle
    tag: str

    @property
    def known(self) -> bool:
        """Whether the face has a name."""
        return bool(self.tag)


def fitted(image: tuple[int, int], area: Rectangle) -> Rectangle:
    """Return the largest rectangle of the image's proportions in the middle of `area`.

    It rounds as picamera2's DRM preview does, so that an overlay lies exactly above its picture.
    """
    width, height = image
    x, y, w, h = area
    if width * h > w * height:
        fitting = w * height // width
        return x, y + (h - fitting) // 2, w, fitting
    fitting = h * width // height
    return x + (w - fitting) // 2, y, fitting, h


def face_boxes(faces: Iterable[Face], frame: tuple[int, int], picture: Rectangle) -> list[FaceBox]:
    """Return the faces of a frame of this size, drawn as `picture`, cut where that ends.

    A face that lies outside altogether is left out.
    """
    x, y, width, height = picture
    boxes = []
    for face in faces:
        left, right = (
            x + round(min(max(edge, 0), frame[0]) * width / frame[0])
            for edge in (face.x, face.x + face.width)
        )
        top, bottom = (
            y + round(min(max(edge, 0), frame[1]) * height / frame[1])
            for edge in (face.y, face.y + face.height)
        )
        if right > left and bottom > top:
            boxes.append(FaceBox((left, top, right - left, bottom - top), face.tag))
    return boxes


def dashes(box: Rectangle, line: int, length: int) -> list[Rectangle]:
    """Return the dashes of a frame inside `box`; each side begins and ends with one."""
    x, y, width, height = box
    parts: list[Rectangle] = []
    for start, size in _strokes(width, length):
        parts += [(x + start, y, size, line), (x + start, y + height - line, size, line)]
    for start, size in _strokes(height, length):
        parts += [(x, y + start, line, size), (x + width - line, y + start, line, size)]
    return parts


def _strokes(side: int, length: int) -> list[tuple[int, int]]:
    """Return begin and length of evenly spaced dashes of about `length` along a side."""
    count = max(1, round((side / length + 1) / 2))
    if count == 1:
        return [(0, side)]
    pitch = (side - length) / (count - 1)
    return [(round(index * pitch), length) for index in range(count)]
