"""How a face looks, coarsely: enough to notice that another one has come into its place."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.following.box import Box
from iot_facerecognition_server.following.changes import REDUCTION, Thumbnail

GRID: Final = 8
"""Samples of a face across and down."""
ALIKE: Final = 0.6
"""Likeness of a face to itself a frame ago, below which it is to be described anew.

On moving photos one face in twenty falls below it from frame to frame, which costs a descriptor;
two people on photos with the same background, cut from one to the other, had 0.4 at most.
"""
_FLAT: Final = 1e-6

Appearance = NDArray[np.float32]
"""(GRID, GRID) float32 grey, with mean 0 and norm 1 (0 where the face is all of one grey)."""


def appearance(thumbnail: Thumbnail, box: Box) -> Appearance:
    """Return how the face at `box` of the frame looks, sampled bilinearly from its thumbnail."""
    steps = (np.arange(GRID) + 0.5) / GRID
    rows = (box.top + steps * box.height) / REDUCTION - 0.5
    columns = (box.left + steps * box.width) / REDUCTION - 0.5
    upper, down = _places(rows, thumbnail.shape[0])
    left, across = _places(columns, thumbnail.shape[1])
    lower, right = (
        np.minimum(upper + 1, thumbnail.shape[0] - 1),
        np.minimum(left + 1, thumbnail.shape[1] - 1),
    )
    grey = thumbnail.astype(np.float32)
    above = grey[np.ix_(upper, left)] * (1 - across) + grey[np.ix_(upper, right)] * across
    below = grey[np.ix_(lower, left)] * (1 - across) + grey[np.ix_(lower, right)] * across
    sampled = above * (1 - down[:, None]) + below * down[:, None]
    centred = sampled - sampled.mean()
    norm = float(np.linalg.norm(centred))
    result: Appearance = (centred / max(norm, _FLAT)).astype(np.float32)
    return result


def likeness(one: Appearance, other: Appearance) -> float:
    """Return the correlation of two appearances, -1 to 1."""
    return float((one * other).sum())


def _places(
    positions: NDArray[np.float64], size: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the pixel before each position, within 0 to `size` - 1, and the part beyond it."""
    inside = np.clip(positions, 0, size - 1)
    before = np.floor(inside)
    return before.astype(np.intp), (inside - before).astype(np.float32)
