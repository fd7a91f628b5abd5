"""Turning pictures upright, and boxes back, by the orientation that Exif defines (1 to 8)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_protocol.jpeg_header import SIDEWAYS, UPRIGHT

_MIRRORED_ACROSS: Final = frozenset({2, 3, 6, 7})
_MIRRORED_DOWN: Final = frozenset({3, 4, 7, 8})


def upright(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return (h, w, ...) `picture` turned and mirrored as `orientation` says it is to be shown."""
    if orientation == UPRIGHT:
        return picture
    if orientation in SIDEWAYS:
        picture = picture.swapaxes(0, 1)
    if orientation in _MIRRORED_DOWN:
        picture = picture[::-1]
    if orientation in _MIRRORED_ACROSS:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def as_stored(box: Box, size: tuple[int, int], orientation: int) -> Box:
    """Return where `box` of an upright picture of `size` (width, height) is before it is turned."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    if orientation in _MIRRORED_ACROSS:
        left, right = size[0] - right, size[0] - left
    if orientation in _MIRRORED_DOWN:
        top, bottom = size[1] - bottom, size[1] - top
    if orientation in SIDEWAYS:
        left, top, right, bottom = top, left, bottom, right
    return Box(left, top, right, bottom)
