"""Which observation is of which track."""

from collections.abc import Iterable, Sequence
from typing import Final

from iot_facerecognition_server.box import Box
from iot_facerecognition_server.tracking.observation import Observation
from iot_facerecognition_server.tracking.track import Track

SAME_FACE: Final = 0.4
"""Overlap above which two observations in one frame are of one face: the detector's sizes are a
fifth apart, and it finds one face up to two sizes and half a step apart in two searches."""
_WITHIN: Final = 0.75
"""Part of the smaller observation within the larger above which they are of one face, too."""
SAME_TRACK: Final = 0.25
"""Overlap with where a track was or should be from which on a observation may be of it."""


def merged(first: Iterable[Observation], others: Iterable[Observation]) -> list[Observation]:
    """Return `first` and those of `others`, the most certain first, that are of further faces."""
    kept = list(first)
    for observation in sorted(others, key=lambda one: -one.detection.score):
        box = observation.detection.box
        if not any(_same(box, one.detection.box) for one in kept):
            kept.append(observation)
    return kept


def _same(one: Box, other: Box) -> bool:
    return one.overlap(other) > SAME_FACE or one.covered(other) > _WITHIN


def paired(
    tracks: Sequence[Track], observations: Sequence[Observation], now: float
) -> dict[int, Observation]:
    """Return by `id` of a track its observation at `now`; neither is given twice.

    Tracks that are seen come before lost ones, and larger overlaps before smaller.
    """
    boxes = [observation.detection.box for observation in observations]
    candidates = []
    for order, track in enumerate(tracks):
        expected = track.predicted(now)
        for place, box in enumerate(boxes):
            overlap = max(expected.overlap(box), track.box.overlap(box))
            if overlap >= SAME_TRACK:
                candidates.append((track.lost is not None, -overlap, order, place))
    pairs: dict[int, Observation] = {}
    taken: set[int] = set()
    for _, _, order, place in sorted(candidates):
        track = tracks[order]
        if id(track) not in pairs and place not in taken:
            pairs[id(track)] = observations[place]
            taken.add(place)
    return pairs
