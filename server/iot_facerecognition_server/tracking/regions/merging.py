"""Detections of several searches, each face once."""

from collections.abc import Iterable
from typing import Final

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection

SAME_FACE: Final = 0.4
"""IoU above which two detections in one frame are of one face: the detector's sizes are a fifth
apart, and it finds one face up to two sizes and half a step apart in two searches."""
_WITHIN: Final = 0.75
"""Part of the smaller detection within the larger above which they are of one face, too."""


def merged(first: Iterable[Detection], others: Iterable[Detection]) -> list[Detection]:
    """Return `first` and those of `others`, the most certain first, that are of further faces."""
    kept = list(first)
    for found in sorted(others, key=lambda one: -one.score):
        if not any(_same(found.box, one.box) for one in kept):
            kept.append(found)
    return kept


def _same(one: Box, other: Box) -> bool:
    return one.iou(other) > SAME_FACE or one.covered(other) > _WITHIN
