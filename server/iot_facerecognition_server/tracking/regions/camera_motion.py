"""What comes in over the edges of the picture when the camera itself moves."""

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.tracking.changes import REDUCTION, Thumbnail
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion, area_region
from iot_facerecognition_server.tracking.twins import twin_of

_BAND: Final = 3
"""The part of the picture next to an edge whose movement is measured: a third."""
_FARTHEST: Final = 8
"""Thumbnail pixels of movement that are tried in each direction."""
_DRIFT: Final = 0.1
"""Thumbnail pixels of movement from which on the picture moves at an edge."""
_TRANSLATION: Final = 0.5
"""Correlation of a change with the profile's slope above which it is a movement: light that changes
and people who come in change the profile otherwise."""
_FLAT: Final = 1e-6
_DEPTH: Final = 1.5
"""How much of the picture next to an edge is searched, as a multiple of the smallest face there."""
_SIZES: Final = (1.0, 1.2**3)
"""Smallest faces that are searched for, each in a strip of its own, as multiples of the smallest of
all: small faces close to the edge, and from three levels of the pyramid up in a deeper strip."""

Profiles = NDArray[np.float64]
"""(2, n): mean brightness by distance from two opposite edges, a value for each thumbnail pixel."""


class CameraMotion:
    """Measures over which edges new picture has come in since these were last searched.

    Each edge is looked at by itself, so that turning, moving and zooming out are all seen.
    """

    def __init__(self, least: float) -> None:
        """Report an edge when `least` pixels of the frame have come in over it."""
        self._least = max(1.0, least / REDUCTION)
        self._searched: list[Profiles] = []

    def copy(self) -> Self:
        """Return one that goes its own way from here."""
        twin = twin_of(self)
        twin._searched = [profiles.copy() for profiles in self._searched]  # noqa: SLF001
        return twin

    def searched(self, thumbnail: Thumbnail) -> None:
        """Take note that everything has been searched in the frame of `thumbnail`."""
        self._searched = _profiles(thumbnail)

    def regions(
        self, thumbnail: Thumbnail, frame: tuple[int, int], min_face_size: int
    ) -> list[SearchRegion] | None:
        """Return what to search at the edges over which enough has come in; None: the camera rests.

        The camera moves when the picture does so at two opposite edges. What is returned is taken
        for searched from then on.
        """
        now = _profiles(thumbnail)
        if [part.shape for part in now] != [part.shape for part in self._searched]:
            self._searched = now
            return None
        pairs = list(zip(self._searched, now, strict=True))
        shifts = [_shifts(*pair) for pair in pairs]
        if not any(
            np.all((moved != 0) | _drifts(*pair)) for moved, pair in zip(shifts, pairs, strict=True)
        ):
            return None
        found = []
        for edge in range(4):
            axis, side = divmod(edge, 2)
            shift = shifts[axis][side]
            if shift >= self._least:
                found += _strips(edge, frame, min_face_size)
            if shift >= self._least or shift < 0:
                self._searched[axis][side] = now[axis][side]
        return found


def _strips(edge: int, frame: tuple[int, int], min_face_size: int) -> list[SearchRegion]:
    """Return the regions at the left, right, upper or lower `edge` (0 to 3)."""
    width, height = frame
    regions = []
    for size in _SIZES:
        face = round(min_face_size * size)
        depth = _DEPTH * face
        strip = (
            Box(0, 0, depth, height),
            Box(width - depth, 0, width, height),
            Box(0, 0, width, depth),
            Box(0, height - depth, width, height),
        )[edge]
        region = area_region(strip, frame, face)
        if region is not None:
            regions.append(region)
    return regions


def _profiles(thumbnail: Thumbnail) -> list[Profiles]:
    """Return the profiles of left and right edge and of upper and lower, from the edge inwards."""
    height, width = thumbnail.shape
    across, down = -(-width // _BAND), -(-height // _BAND)
    columns, rows = thumbnail.mean(axis=0), thumbnail.mean(axis=1)
    return [
        np.stack((columns[:across], columns[: -across - 1 : -1])),
        np.stack((rows[:down], rows[: -down - 1 : -1])),
    ]


def _shifts(before: Profiles, now: Profiles) -> NDArray[np.intp]:
    """Return by how many values each of `now` has moved inwards (positive) or outwards."""
    length = before.shape[1]
    farthest = min(_FARTHEST, length // 3)
    core = before[:, farthest : length - farthest]
    moved = np.lib.stride_tricks.sliding_window_view(now, core.shape[1], axis=1)
    differences = np.abs(moved - core[:, np.newaxis]).mean(axis=2)
    best = differences.argmin(axis=1)
    # Where all look the same nothing is known to have moved.
    better = differences.min(axis=1) < differences[:, farthest]
    result: NDArray[np.intp] = np.where(better, best - farthest, 0)
    return result


def _drifts(before: Profiles, now: Profiles) -> NDArray[np.bool_]:
    """Tell which of `now` are `before` moved by a part of a value: the change follows the slope."""
    change = now - before
    change -= change.mean(axis=1, keepdims=True)
    slope = np.gradient(before, axis=1)
    slope -= slope.mean(axis=1, keepdims=True)
    steepness, along = (slope * slope).sum(axis=1), (slope * change).sum(axis=1)
    follows = along * along > _TRANSLATION**2 * steepness * (change * change).sum(axis=1)
    result: NDArray[np.bool_] = follows & (np.abs(along) > _DRIFT * steepness)
    result &= steepness > _FLAT
    return result
