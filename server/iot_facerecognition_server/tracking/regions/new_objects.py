"""Where somebody may have come in: changed parts of a frame that no track explains."""

from collections.abc import Iterable
from math import ceil
from typing import Final

import numpy as np

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.tracking.changes import REDUCTION, Changes, blocks
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion, area_region

_LEAST: Final = 0.4
"""Part of the smallest face that has to be new, across and down: the detector finds a face of which
a good half has come in."""
_DENSITY: Final = 0.35
"""Part of a region that changes when somebody comes in; when the camera trembles only edges do."""
_MARGIN: Final = 0.4
"""What is searched around a change, as a part of the smallest face: cheeks and brow of a face whose
eyes have moved."""
_HEAD: Final = 1.5
"""How far down from its top a face is in a change as high as a body, as a part of its width."""
_BODY: Final = 1.6
"""Half the width of a person below their face, as a part of the face."""


def body(face: Box, frame: tuple[int, int]) -> Box:
    """Return where the movement below a face is its own person's."""
    across, _ = face.centre
    reach = _BODY * face.width
    return Box(across - reach, face.top, across + reach, frame[1])


def new_object_regions(
    changes: Changes, explained: Iterable[Box], frame: tuple[int, int], min_face_size: int
) -> list[SearchRegion]:
    """Return regions over what changed outside of the boxes `explained`.

    People stand upright, so what changed is parted by columns. Faces are searched for from
    `min_face_size` pixels on.
    """
    mask = changes.mask.copy()
    for box in explained:
        mask[blocks(box)] = False
    least = _LEAST * min_face_size / REDUCTION
    regions = []
    for first, last in _runs(np.flatnonzero(mask.any(axis=0)), gap=round(least)):
        rows = np.flatnonzero(mask[:, first : last + 1].any(axis=1))
        if last - first + 1 < least or rows[-1] - rows[0] + 1 < least:
            continue
        part = mask[rows[0] : rows[-1] + 1, first : last + 1]
        if part.mean() < _DENSITY:
            continue
        lowest = min(int(rows[-1]) + 1, int(rows[0]) + ceil(_HEAD * (last - first + 1)))
        changed = Box(
            first * REDUCTION, int(rows[0]) * REDUCTION, (last + 1) * REDUCTION, lowest * REDUCTION
        )
        searched = changed.grown(_MARGIN * min_face_size)
        region = area_region(searched, frame, min_face_size)
        if region is not None:
            regions.append(region)
    return regions


def _runs(places: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """Return first and last of each run in ascending `places`, with holes of up to `gap`."""
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    firsts = places[np.concatenate(([0], breaks + 1))]
    lasts = places[np.concatenate((breaks, [len(places) - 1]))]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]
