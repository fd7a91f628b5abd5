"""How good a descriptor a face gives: one value out of what can be seen before it is described."""

from math import sqrt
from typing import Final

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection

FULL_DETAIL: Final = 150
"""Side in pixels from which on a face gains nothing: the descriptor network's chip has no more."""
_NO_DETAIL: Final = 16
"""Side in pixels at which nobody is told from anybody."""
_SHARP: Final = 0.75
"""Sharpness (`sharpness.sharpness`) from which on a face gains nothing."""
_CUT: Final = 3
"""Power of the part inside the frame, of a square around eyes, nose and mouth."""


def face_quality(found: Detection, sharpness: float, frame: tuple[int, int]) -> float:
    """Return the quality of a face in a `frame` of (width, height): 0, nothing to see, to 1.

    The product of four parts, each 0 to 1: its size, its `sharpness`, how frontal it is, and how
    much of it is in the frame. Each follows the distance of descriptors to those of the same face
    seen well (docs/decisions/face-quality.md).
    """
    side = min(found.box.width, FULL_DETAIL)
    detail = sqrt(max(0.0, side - _NO_DETAIL) / (FULL_DETAIL - _NO_DETAIL))
    sharp = min(1.0, sharpness / _SHARP) ** 2
    inside = found.box.shared(Box(0, 0, *frame)) / found.box.area
    return float(detail * sharp * found.frontal * inside**_CUT)
