"""Of boxes over one and the same thing, only the best is kept."""

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.networks.dlib_layers import Overlap


def suppressed(boxes: NDArray[np.int64], overlap: Overlap) -> NDArray[np.int64]:
    """Return the indices of the boxes that no better box overlaps, in their order.

    `boxes` is (N, 4): left, top, right and bottom, the last two inside, the best box first. dlib's
    measure (`box_overlap_testing.h`) is not quite intersection over union: it divides by the
    smallest rectangle around both boxes.
    """
    kept: list[int] = []
    left = np.arange(len(boxes))
    while len(left):
        best, others = left[0], left[1:]
        kept.append(int(best))
        left = others[~_overlapping(boxes[best], boxes[others], overlap)]
    return np.array(kept, np.int64)


def _overlapping(
    box: NDArray[np.int64], others: NDArray[np.int64], overlap: Overlap
) -> NDArray[np.bool_]:
    """Tell which of the (N, 4) `others` overlap `box`."""
    first = np.maximum(box[:2], others[:, :2])
    last = np.minimum(box[2:], others[:, 2:])
    inner = np.where((first > last).any(axis=1), 0, (last - first + 1).prod(axis=1))
    around = np.maximum(box[2:], others[:, 2:]) - np.minimum(box[:2], others[:, :2]) + 1
    areas = (others[:, 2:] - others[:, :2] + 1).prod(axis=1)
    covered = inner / np.minimum((box[2:] - box[:2] + 1).prod(), areas)
    shared = inner / around.prod(axis=1) > overlap.iou
    both: NDArray[np.bool_] = (inner > 0) & (shared | (covered > overlap.covered))
    return both
