"""How a face looks, coarsely: enough to notice that another one has come into its place."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.tracking.changes import REDUCTION, Thumbnail

GRID: Final = 8
"""Samples of a face across and down."""
ALIKE: Final = 0.72
"""Likeness of a face to itself a frame ago, below which it is to be described again.

On moving photos one face in fifty falls below it from frame to frame, which costs a descriptor; of
two people's faces put into the same place, 49 in 50 do (docs/decisions/tracking.md).
"""
_SHIFT: Final = 1
"""Samples by which a face may be off: an eighth of it, the step of the detector's grid."""
_FLAT: Final = 1e-6

Appearance = NDArray[np.float32]
"""(GRID, GRID) float32 grey, with mean 0 and norm 1 (0 where the face is all of one grey)."""


def appearance(thumbnail: Thumbnail, box: Box) -> Appearance:
    """Return how the face at `box` of the frame looks, sampled from its thumbnail."""
    return _normalised(_sampled(thumbnail, box, 0)).astype(np.float32)


def compared(known: Appearance, thumbnail: Thumbnail, box: Box) -> tuple[float, Appearance]:
    """Return how like `known` the face at `box` looks, and how it looks.

    The likeness is a correlation, -1 to 1. The best of nine places counts, at `box` and just next
    to it, since the detector's boxes jump by as much.
    """
    sampled = _sampled(thumbnail, box, _SHIFT)
    places = _normalised(np.lib.stride_tricks.sliding_window_view(sampled, (GRID, GRID)))
    likeness = (places * known).sum((-2, -1)).max()
    return float(likeness), places[_SHIFT, _SHIFT].astype(np.float32)


def _normalised(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (..., GRID, GRID) pictures with mean 0 and norm 1."""
    centred = pictures - pictures.mean((-2, -1), keepdims=True)
    norms = np.sqrt((centred * centred).sum((-2, -1), keepdims=True))
    result: NDArray[np.float32] = centred / np.maximum(norms, _FLAT)
    return result


def _sampled(thumbnail: Thumbnail, box: Box, margin: int) -> NDArray[np.float32]:
    """Sample the face bilinearly, `GRID` times across and down and `margin` times on each side."""
    steps = (np.arange(-margin, GRID + margin) + 0.5) / GRID
    rows = (box.top + steps * box.height) / REDUCTION - 0.5
    columns = (box.left + steps * box.width) / REDUCTION - 0.5
    upper, down = _places(rows, thumbnail.shape[0])
    left, across = _places(columns, thumbnail.shape[1])
    lower = np.minimum(upper + 1, thumbnail.shape[0] - 1)
    right = np.minimum(left + 1, thumbnail.shape[1] - 1)
    above, below = thumbnail[upper], thumbnail[lower]
    over = above[:, left] * (1 - across) + above[:, right] * across
    under = below[:, left] * (1 - across) + below[:, right] * across
    result: NDArray[np.float32] = over * (1 - down[:, None]) + under * down[:, None]
    return result


def _places(
    positions: NDArray[np.float64], size: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the pixel before each position, within 0 to `size` - 1, and the part beyond it."""
    inside = np.clip(positions, 0, size - 1)
    before = np.floor(inside)
    return before.astype(np.intp), (inside - before).astype(np.float32)
