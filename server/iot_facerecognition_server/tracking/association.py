"""Which detection is of which track."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.assignment import best_pairs
from iot_facerecognition_server.tracking.track import Track

SAME_TRACK: Final = 0.25
"""IoU with where a track was or should be from which on a detection may be of it."""
_LOST: Final = 0.5
"""What an overlap with a lost track counts for: one that is seen comes before."""


def paired(
    tracks: Sequence[Track], detections: Sequence[Detection], now: float
) -> dict[int, Detection]:
    """Return by `id` of a track its detection at `now`; neither is given twice.

    Of all ways to pair them it is the one with the largest sum of overlaps: where two faces are
    close, the one that fits best does not take what the other one needs.
    """
    gains = np.zeros((len(tracks), len(detections)))
    for row, track in enumerate(tracks):
        expected = track.predicted(now)
        weight = 1.0 if track.lost is None else _LOST
        for column, found in enumerate(detections):
            overlap = max(expected.iou(found.box), track.box.iou(found.box))
            if overlap >= SAME_TRACK:
                gains[row, column] = weight * overlap
    return {id(tracks[row]): detections[column] for row, column in best_pairs(gains)}
