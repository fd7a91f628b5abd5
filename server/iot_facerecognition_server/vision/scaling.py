"""Pictures in other sizes, and in grey."""

from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

_RED: Final = 77
_GREEN: Final = 150
_BLUE: Final = 29
"""ITU-R BT.601's weights of R, G and B in luma, times 256; they add up to it."""


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


def block_means(picture: NDArray[np.uint8], block: int = 8) -> NDArray[np.uint8]:
    """Return the mean luma of each `block` x `block` pixels, (ceil(h / block), ceil(w / block)).

    Of an (h, w) grey or (h, w, 3) RGB picture, uint8. With 8 it is what a JPEG decoder makes of DC
    values alone, give or take a level. Blocks that are cut by the right or lower edge are filled up
    with its pixels, as JPEG encoders do.
    """
    missing = [(0, -length % block) for length in picture.shape[:2]]
    if any(more for _, more in missing):
        picture = np.pad(picture, [*missing, *[(0, 0)] * (picture.ndim - 2)], "edge")
    height, width, *colours = picture.shape
    rows = picture.reshape(height // block, block, -1).sum(axis=1, dtype=np.uint16)
    shares = np.array((_RED, _GREEN, _BLUE) if colours else (256,), np.float32) / (256 * block**2)
    wide = rows.reshape(height // block, width // block, -1).astype(np.float32)
    means: NDArray[np.uint8] = np.rint(wide @ np.tile(shares, block)).astype(np.uint8)
    return means
