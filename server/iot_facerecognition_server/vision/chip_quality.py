"""How much a face's chip is worth to the descriptor network."""

from math import sqrt
from typing import Final

from iot_facerecognition_server.detection import Detection

FULL_DETAIL: Final = 150
"""Side in pixels above which a face gains nothing: the descriptor network's chip has no more."""


def chip_quality(found: Detection, sharpness: float, frame: tuple[int, int]) -> float:
    """Return how good a descriptor this face will give; only ratios mean anything.

    Larger up to the network's own detail, sharper (`sharpness.sharpness`), more frontal (the
    detector's score falls as a head turns), and not cut by the edge of the `frame` (width, height).
    """
    box = found.box
    detail = min(box.width, FULL_DETAIL) / FULL_DETAIL
    frontal = 1.0 + max(0.0, found.score)
    width, height = frame
    whole = box.left >= 0 and box.top >= 0 and box.right <= width and box.bottom <= height
    return detail * frontal * sqrt(sharpness + 1.0) * (1.0 if whole else 0.3)
