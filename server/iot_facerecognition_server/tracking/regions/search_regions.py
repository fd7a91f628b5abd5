"""Which part of a frame to search for a face that is expected there, and in what size."""

from dataclasses import dataclass
from math import floor, log
from typing import Final

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import NATIVE_FACE_SIZE

_PYRAMID: Final = 6 / 5
"""Ratio of two sizes in dlib's detector's pyramid."""
_SMALLEST_BOX: Final = 73
"""Side in pixels of the boxes that dlib's detector gives at the lowest level of its pyramid."""
_LEVELS_BELOW: Final = 2
"""Levels of the pyramid below the expected face's own at which every pose is searched for: where
one was not found clearly, the face may have become smaller as well."""
_CELL: Final = 8
"""Pixels of a HOG cell."""
_LEAST_SEEN: Final = 0.6
"""Part of a face that must be in a region."""
_SHARED_GRID: Final = 48
"""Pixels after which the cells of the pyramid's two lowest levels begin together."""


@dataclass(frozen=True, slots=True)
class SearchRegion:
    """A part of a frame to be searched, its sides multiplied by `scale` before.

    `box` is in whole pixels and within the frame. Faces of one `pose` are searched for, of every
    pose with None.
    """

    box: Box
    scale: float
    pose: int | None = None

    @property
    def cost(self) -> float:
        """Pixels that are scanned."""
        return self.box.area * self.scale**2


def face_region(
    expected: Box,
    reach: float,
    frame: tuple[int, int],
    min_face_size: int,
    pose: int | None = None,
) -> SearchRegion | None:
    """Return where a face is found that is within `reach` pixels of `expected`.

    The region is resized to a level of the pyramid that a scan of the whole `frame` (width, height)
    for faces from `min_face_size` pixels on would make: to that of the expected face when only its
    `pose` is searched for, else `_LEVELS_BELOW` it. It begins where a cell of the next lower level
    does, which of all was measured to miss the least: so it finds what the scan would find, in
    boxes of the same sizes. None where no face fits in.
    """
    lowest = NATIVE_FACE_SIZE / min_face_size
    level = max(0, floor(log(expected.width * lowest / _SMALLEST_BOX, _PYRAMID)))
    scale = lowest / _PYRAMID ** max(0, level - (0 if pose is not None else _LEVELS_BELOW))
    cell = _CELL * _PYRAMID ** max(0, level - 1) / lowest
    return _region(expected.grown(reach), frame, scale, cell, pose)


def area_region(box: Box, frame: tuple[int, int], min_face_size: int) -> SearchRegion | None:
    """Return where every face in `box` is found, however small; None where none fits in."""
    scale = NATIVE_FACE_SIZE / min_face_size
    return _region(box, frame, scale, _SHARED_GRID / scale)


def _region(
    box: Box, frame: tuple[int, int], scale: float, grid: float, pose: int | None = None
) -> SearchRegion | None:
    """Return `box` within `frame`, its upper left corner moved up and left to the `grid`."""
    width, height = frame
    part = Box(
        round(max(0, box.left // grid) * grid),
        round(max(0, box.top // grid) * grid),
        min(width, int(box.right) + 1),
        min(height, int(box.bottom) + 1),
    )
    # The detector sees over an edge by a good third of a face.
    seen = min(part.width, part.height) * scale >= _LEAST_SEEN * NATIVE_FACE_SIZE
    return SearchRegion(part, scale, pose) if seen else None
