"""Pictures in other sizes, and in grey."""

from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

_RED: Final = 77
_GREEN: Final = 150
_BLUE: Final = 29
"""ITU-R BT.601's weights of R, G and B in luma, times 256; they add up to it."""

_BLOCK: Final = 8


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (h, w) uint8 grey of an (h, w, 3) uint8 RGB picture."""
    wide = rgb.astype(np.uint16)
    weighted = _RED * wide[:, :, 0] + _GREEN * wide[:, :, 1] + _BLUE * wide[:, :, 2]
    return ((weighted + 128) >> 8).astype(np.uint8)


def rescaled(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return `picture` itself where `scale` is 1, else as `resized`."""
    return picture if scale == 1 else resized(picture, scale)


def resized(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return an (h, w) uint8 grey or (h, w, 3) RGB picture with its sides times `scale`, rounded.

    It is halved by averages first: bilinear sampling alone would skip pixels.
    """
    rows, columns = (max(1, round(side * scale)) for side in picture.shape[:2])
    while picture.shape[0] >= 2 * rows and picture.shape[1] >= 2 * columns:
        even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2].astype(np.uint16)
        summed = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
        picture = ((summed + 2) >> 2).astype(np.uint8)
    if picture.shape[:2] == (rows, columns):
        return picture
    result: NDArray[np.uint8] = dlib.resize_image(np.ascontiguousarray(picture), rows, columns)
    return result


def block_means(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (ceil(h / 8), ceil(w / 8)) uint8 of (h, w) uint8: the mean of each block of 8 x 8.

    That is what a JPEG decoder makes of DC values alone, give or take a level. Blocks that are cut
    by the right or lower edge are filled up with its pixels, as JPEG encoders do.
    """
    missing = [(0, -length % _BLOCK) for length in grey.shape]
    whole = np.pad(grey, missing, "edge") if any(more for _, more in missing) else grey
    height, width = whole.shape
    rows = whole.reshape(height // _BLOCK, _BLOCK, width).sum(axis=1, dtype=np.uint16)
    sums = np.add.reduceat(rows, np.arange(0, width, _BLOCK), axis=1)
    return ((sums + _BLOCK**2 // 2) // _BLOCK**2).astype(np.uint8)
