"""What has changed in the picture since somebody looked, on a strongly reduced grey copy of it."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.tracking.twins import twin_of

REDUCTION: Final = 8
"""Pixels of a frame's side in one of the thumbnail's: what libjpeg decodes from DC values alone."""
CHANGED: Final = 4.0
"""Mean change of 3 x 3 thumbnail pixels, in grey levels, above which something has moved.

Between two pictures of a still scene the largest is 3.2 (sensor noise of 8 levels, JPEG quality 40;
1.1 with noise 2 and quality 80); a face of 80 pixels that moves by one of them makes 6.4 or more
(docs/decisions/tracking.md).
"""
CUT_CORRELATION: Final = 0.5
"""Correlation of two thumbnails in succession below which they show different scenes."""
SUSPECT_CORRELATION: Final = 0.75
"""Correlation below which they may: of two portraits it reaches 0.54, of frames 200 ms apart from a
camera that swings around it can fall as low (docs/decisions/tracking.md)."""
_MOST: Final = 0.5
_FLAT: Final = 1e-6

Thumbnail = NDArray[np.uint8]
"""(ceil(h / 8), ceil(w / 8)) uint8 grey."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Where a frame differs from what was last searched there.

    `mask` is bool in the shape of the thumbnail. `cut`: it is another scene. `suspect`: it may be.
    """

    mask: NDArray[np.bool_]
    cut: bool
    suspect: bool = False

    @property
    def any(self) -> bool:
        """Whether anything changed."""
        return bool(self.mask.any())

    def touch(self, box: Box) -> bool:
        """Tell whether anything changed within `box`."""
        return bool(self.mask[blocks(box)].any())


class ChangeMap:
    """Remembers of every place how it looked when it was last searched.

    Since the comparison is with the last search and not with the last frame, slow drift adds up
    until it is seen.
    """

    def __init__(self) -> None:
        self._searched: Thumbnail | None = None
        self._last: Thumbnail | None = None

    def copy(self) -> Self:
        """Return one that goes its own way from here."""
        twin = twin_of(self)
        searched = self._searched
        twin._searched = None if searched is None else searched.copy()  # noqa: SLF001
        return twin

    def compare(self, thumbnail: Thumbnail) -> Changes:
        """Return what changed; the first frame, or one of another size, is a cut."""
        searched, last = self._searched, self._last
        self._last = thumbnail
        if searched is None or last is None or searched.shape != thumbnail.shape:
            return Changes(np.ones(thumbnail.shape, np.bool_), cut=True)
        difference = np.abs(thumbnail.astype(np.int16) - searched)
        mask = _neighbourhood_sums(difference) > 9 * CHANGED
        # Where most is as before, it is no other scene.
        alike = 1.0 if mask.mean() <= _MOST else _correlation(thumbnail, last)
        return Changes(mask, cut=alike < CUT_CORRELATION, suspect=alike < SUSPECT_CORRELATION)

    def searched(self, thumbnail: Thumbnail, box: Box | None = None) -> None:
        """Take note that `box` (the whole frame) of the frame of `thumbnail` has been searched."""
        if box is None or self._searched is None or self._searched.shape != thumbnail.shape:
            self._searched = thumbnail.copy()
        else:
            part = blocks(box)
            self._searched[part] = thumbnail[part]


def blocks(box: Box) -> tuple[slice, slice]:
    """Return the rows and columns of a thumbnail that `box` of the frame touches."""
    return (
        slice(max(0, int(box.top // REDUCTION)), max(0, int(-(-box.bottom // REDUCTION)))),
        slice(max(0, int(box.left // REDUCTION)), max(0, int(-(-box.right // REDUCTION)))),
    )


def _neighbourhood_sums(values: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return for each place the sum over it and its eight neighbours; beyond the edge is nothing.

    At the edge the sum is of fewer values, so that it takes more to be a change: half a block of
    picture that comes in there is of no use to anyone.
    """
    padded = np.pad(values, 1)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    sums: NDArray[np.int16] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return sums


def _correlation(one: Thumbnail, other: Thumbnail) -> float:
    """Return Pearson's correlation; of a flat picture 1 with a flat one, 0 with any other."""
    first, second = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((first * first).sum() * (second * second).sum()))
    if spread < _FLAT:
        return float(not first.any() and not second.any())
    return float((first * second).sum() / spread)
