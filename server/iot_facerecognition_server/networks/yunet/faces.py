"""From what YuNet gives for the places of a picture to the faces on it."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.yunet.layers import MULTIPLE, STRIDES

LEAST_SCORE: Final = 0.6
"""Score of the faintest faces that are returned: good enough to keep a track, not to begin one."""
MOST_CANDIDATES: Final = 1024
"""Places with the best scores that are looked at; a face has about ten of them."""
BOX: Final = slice(2, 6)
"""Of a place's numbers those of the box: centre, then logarithms of the sides, in strides. The two
before are logits: that it is a face, and that the box is good."""
_POINTS: Final = slice(6, 16)
"""Right eye, left eye, nose, right and left corner of the mouth: x and y each, in strides from the
place."""
_POINTS_SIDE: Final = 2.45
"""Side of the box that HOG draws, in distances of the mouth from the eyes; its centre is between
them. 2.3 to 2.6 on eight faces of ten (docs/decisions/face-quality.md)."""
_TOUCHING: Final = 0.1
"""Part of a box's height from an edge of the picture within which the face may be cut by it: the
box of one that is cut begins a little inside."""
_TURNED: Final = 2.0
"""How frontal a head is falls to a half where the nose is off the middle of the eyes by one over
this, of their distance."""
_MOST_SHARED: Final = 0.3
"""IoU above which two boxes are of one face (OpenCV's FaceDetectorYN)."""
_LOWER: Final = 0.069
_SIDE: Final = 1.002
"""How dlib's HOG detector draws the same face: a square whose side is `_SIDE` times the root of the
box's area, and whose centre is `_LOWER` of that root below the box's (docs/decisions/yunet.md)."""

Floats = NDArray[np.float32]


def check_pictures(pictures: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `pictures` are (N, h, w, 3) uint8: other bytes would be searched."""
    if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.dtype != np.uint8:  # noqa: PLR2004
        raise ValueError(f"pictures are (N, h, w, 3) uint8: {pictures.shape} {pictures.dtype}")


def padded_size(width: int, height: int) -> tuple[int, int]:
    """Return the sides in pixels to which a picture is extended, to the right and below."""
    return width + -width % MULTIPLE, height + -height % MULTIPLE


def candidates(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return those of (OUTPUTS, places) values that may be faces, and their places."""
    # Both factors of a score are below one, so each alone has to reach its square.
    least = np.float32(-np.log(LEAST_SCORE**-2 - 1))
    places = np.flatnonzero((values[0] > least) & (values[1] > least))
    return values[:, places], places


def faces(values: Floats, places: NDArray[np.int64], size: tuple[int, int]) -> list[Detection]:
    """Return the faces of (OUTPUTS, K) values at K `places`, the most certain first.

    `size` is (width, height) of the padded picture. Scores go from LEAST_SCORE to 1. Boxes are
    squares as dlib's HOG detector draws them, in pixels with fractions.
    """
    scores = np.sqrt(np.prod(1 / (1 + np.exp(-values[: BOX.start].astype(np.float64))), axis=0))
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    order = order[scores[order] >= LEAST_SCORE]
    if not len(order):
        return []
    column, row, stride = _grid(size)[:, places[order]]
    across, down, wide, high = values[BOX, order]
    across, down = (across + column) * stride, (down + row) * stride
    wide, high = np.exp(wide) * stride, np.exp(high) * stride
    boxes = np.stack((across - wide / 2, down - high / 2, across + wide / 2, down + high / 2))
    points = values[_POINTS, order].T.reshape(-1, 5, 2) + np.stack((column, row), 1)[:, np.newaxis]
    points *= stride[:, np.newaxis, np.newaxis]
    return [
        Detection(
            _around_points(points[one])
            if _touches_edge(boxes[:, one], size)
            else _as_hog(*boxes[:, one].tolist()),
            float(scores[order[one]]),
            frontal=_frontal(points[one]),
        )
        for one in suppressed(boxes)
    ]


def suppressed(boxes: NDArray[np.floating]) -> list[int]:
    """Return the indices of the boxes that no better one shares too much with, in their order.

    `boxes` is (4, N): left, top, right, bottom, the best first.
    """
    kept: list[int] = []
    left, top, right, bottom = boxes
    areas = (right - left) * (bottom - top)
    remaining = np.ones(len(areas), np.bool_)
    while remaining.any():
        best = int(remaining.argmax())
        kept.append(best)
        remaining[best] = False
        wide = np.minimum(right, right[best]) - np.maximum(left, left[best])
        high = np.minimum(bottom, bottom[best]) - np.maximum(top, top[best])
        shared = np.maximum(wide, 0) * np.maximum(high, 0)
        remaining &= shared <= _MOST_SHARED * (areas + areas[best] - shared)
    return kept


@lru_cache(maxsize=16)
def _grid(size: tuple[int, int]) -> Floats:
    """Return (3, places): column, row and stride of each place of a picture of `size`."""
    width, height = size
    levels = []
    for stride in STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        levels.append(np.stack((columns, rows, np.full_like(rows, stride))).reshape(3, -1))
    return np.concatenate(levels, axis=1).astype(np.float32)


def _touches_edge(box: Floats, size: tuple[int, int]) -> bool:
    """Tell whether the face of `box` (left, top, right, bottom) may be cut by a picture's edge."""
    left, top, right, bottom = box.tolist()
    least = _TOUCHING * (bottom - top)
    return bool(min(left, top, size[0] - right, size[1] - bottom) < least)


def _around_points(points: Floats) -> Box:
    """Return the box that HOG would draw of a whole face with these (5, 2) points.

    What the network draws of a face that is cut by an edge is what is left of it, and dlib's
    predictor would take a mouth for eyes in that.
    """
    wide = points.astype(np.float64)
    eyes, mouth = wide[:2].mean(axis=0), wide[3:].mean(axis=0)
    across, down = (eyes + mouth) / 2
    return Box.around(float(across), float(down), _POINTS_SIDE * float(np.hypot(*(mouth - eyes))))


def _frontal(points: Floats) -> float:
    """Return how far a head with these (5, 2) points faces the camera, 0 to 1."""
    right_eye, left_eye, nose = points[:3].astype(np.float64)
    across = left_eye - right_eye
    off = (nose - (right_eye + left_eye) / 2) @ across / max(1e-9, across @ across)
    return float(1 / (1 + (_TURNED * off) ** 2))


def _as_hog(left: float, top: float, right: float, bottom: float) -> Box:
    side = ((right - left) * (bottom - top)) ** 0.5
    return Box.around((left + right) / 2, (top + bottom) / 2 + _LOWER * side, _SIDE * side)
