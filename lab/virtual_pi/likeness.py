"""How alike two pictures of the same size are, whatever rounded their colours."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rectangle = tuple[int, int, int, int]
"""(x, y, width, height) in whole pixels."""
_ROUNDED = 8
"""What 16 bits a pixel may take from a level of 256, or more."""


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Return the correlation of the two pictures' brightness: 1 for the same, 0 for unrelated.

    0 too where one of them is a single colour. Raises ValueError for pictures of two sizes.
    """
    if one.size != other.size:
        raise ValueError(f"pictures of {one.size} and {other.size} cannot be compared")
    first, second = _brightness(one), _brightness(other)
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale else 0.0


def part(picture: Image.Image, area: Rectangle) -> Image.Image:
    """Return what of `picture` lies in `area`."""
    x, y, width, height = area
    return picture.crop((x, y, x + width, y + height))


def share_of_frame(
    picture: Image.Image, box: Rectangle, line: int, colour: tuple[int, int, int]
) -> float:
    """Return the share of the pixels along the sides of `box`, `line` wide, that have `colour`.

    A colour that differs by what 16 bits a pixel round away is the same.
    """
    x, y, width, height = box
    pixels = np.asarray(picture.convert("RGB"), dtype=np.int16)[y : y + height, x : x + width]
    side = np.ones((height, width), dtype=bool)
    side[line : height - line, line : width - line] = False
    distance: NDArray[np.int16] = np.abs(pixels - np.array(colour, dtype=np.int16)).max(axis=2)
    near = distance <= _ROUNDED
    return float(near[side].mean())


def _brightness(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.convert("L"), dtype=np.float64)
