"""Which detection is of which track."""

from collections.abc import Iterable, Sequence
from typing import Final

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.track import Track

SAME_FACE: Final = 0.4
"""IoU above which two detections in one frame are of one face: the detector's sizes are a fifth
apart, and it finds one face up to two sizes and half a step apart in two searches."""
_WITHIN: Final = 0.75
"""Part of the smaller detection within the larger above which they are of one face, too."""
SAME_TRACK: Final = 0.25
"""IoU with where a track was or should be from which on a detection may be of it."""


def merged(first: Iterable[Detection], others: Iterable[Detection]) -> list[Detection]:
    """Return `first` and those of `others`, the most certain first, that are of further faces."""
    kept = list(first)
    for found in sorted(others, key=lambda one: -one.score):
        if not any(_same(found.box, one.box) for one in kept):
            kept.append(found)
    return kept


def _same(one: Box, other: Box) -> bool:
    return one.iou(other) > SAME_FACE or one.covered(other) > _WITHIN


def paired(
    tracks: Sequence[Track], detections: Sequence[Detection], now: float
) -> dict[int, Detection]:
    """Return by `id` of a track its detection at `now`; neither is given twice.

    Tracks that are seen come before lost ones, and larger overlaps before smaller.
    """
    candidates = []
    for order, track in enumerate(tracks):
        expected = track.predicted(now)
        for place, found in enumerate(detections):
            overlap = max(expected.iou(found.box), track.box.iou(found.box))
            if overlap >= SAME_TRACK:
                candidates.append((track.lost is not None, -overlap, order, place))
    pairs: dict[int, Detection] = {}
    taken: set[int] = set()
    for _, _, order, place in sorted(candidates):
        track = tracks[order]
        if id(track) not in pairs and place not in taken:
            pairs[id(track)] = detections[place]
            taken.add(place)
    return pairs
