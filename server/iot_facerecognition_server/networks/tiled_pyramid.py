"""The plane on which a detector sees a picture in all sizes at once.

dlib's detectors get a picture and its ever smaller copies laid out on one plane, so that one pass
of a network with one window size finds objects of all sizes. Scores near a copy's edge depend on
what lies next to it, therefore the layout is dlib's to the pixel: `dlib/dnn/input.h`,
`dlib/image_transforms/image_pyramid.h` (davisking/dlib 3d40bf57).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box

RATE: Final = 5 / 6
"""Sides of a copy to those of the one before: `pyramid_down<6>`, a template argument of dlib's face
detector that its file does not tell."""
_LEAST_ROWS: Final = 5
_SHIFT: Final = 0.3
"""What dlib adds to a coordinate with each step up (`pyramid_down::point_up`)."""


@dataclass(frozen=True, slots=True)
class TiledPyramid:
    """A plane's size in pixels and its tiles, the picture itself first, then smaller and smaller.

    A tile is a copy's place on the plane, in whole pixels.

    One column goes down, a second one comes back up next to it.
    """

    width: int
    height: int
    tiles: tuple[Box, ...]

    def to_picture(
        self, boxes: NDArray[np.float64], centres: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return `boxes` on the plane, (N, 4), in pixels of the picture.

        Columns are left, top, right and bottom, the last two inside. A box belongs to the tile that
        is nearest to its centre, of `centres` (N, 2).
        """
        tiles = np.array([(tile.left, tile.top, tile.width, tile.height) for tile in self.tiles])
        first, last = tiles[:, :2], tiles[:, :2] + tiles[:, 2:] - 1
        beyond = centres[:, None] - np.clip(centres[:, None], first, last)
        level = np.argmin((beyond**2).sum(axis=2), axis=1)
        growth = (1 / RATE) ** level[:, None]
        shift = _SHIFT * (growth - 1) / (1 / RATE - 1)
        grown: NDArray[np.float64] = (boxes - np.tile(first[level], 2)) * growth + shift
        return grown


def tiled_pyramid(width: int, height: int, padding: tuple[int, int]) -> TiledPyramid:
    """Return the plane for a picture of at least one pixel.

    `padding` is the space in pixels between tiles and around all of them.
    """
    if min(width, height) < 1:
        raise ValueError(f"a picture has at least one pixel, not {width} x {height}")
    between, around = padding
    sizes = _sizes(width, height)
    column = _first_column(sizes, between)
    tiles: list[Box] = []
    top = around
    for size in sizes[:column]:
        tiles.append(Box.at(around, top, *size))
        top += size[1] + between
    bottom = top - between
    plane = (width + 2 * around, bottom + around)
    for size in sizes[column:]:
        tile = Box.at(around + width - size[0], bottom - size[1], *size)
        if tile.shared(tiles[0]):
            break
        tiles.append(tile)
        bottom -= size[1] + between
    return TiledPyramid(*plane, tuple(tiles))


def _sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Return (width, height) of the picture and of all its copies."""
    sizes = [(width, height)]
    while True:
        width, height = int(RATE * width), int(RATE * height)
        if not width or height < _LEAST_ROWS:
            return sizes
        sizes.append((width, height))


def _first_column(sizes: Sequence[tuple[int, int]], between: int) -> int:
    """Return how many tiles go down before the rest fit next to them on the way back up."""
    width, height = sizes[0]
    all_below = sum(size[1] + between for size in sizes) - 2 * between - height
    filled, previous = 0, 0
    for number, size in enumerate(sizes):
        fits = size[0] <= width - previous - between
        if fits and 2 * (filled - height) >= all_below:
            return number
        filled += size[1] + between
        previous = size[0]
    return len(sizes)
