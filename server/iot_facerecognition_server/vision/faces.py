"""Where the faces in a picture are."""

from dataclasses import dataclass
from typing import Final, Protocol

import dlib
import numpy as np
from numpy.typing import NDArray

NATIVE_FACE_SIZE: Final = 80
"""Side in pixels of dlib's frontal face detector's window: the smallest face it finds."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face's rectangle in pixels of the picture, and the detector's confidence.

    `left` and `top` are inside, `right` and `bottom` just outside; all of them may lie beyond the
    picture's edge. `score` 0 is the detection threshold; a good frontal face has 1 to 3.
    """

    left: int
    top: int
    right: int
    bottom: int
    score: float

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Area in pixels."""
        return self.width * self.height


class FaceDetector(Protocol):
    """Finds faces. An instance belongs to one thread."""

    def detect(self, grey: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces in an (h, w) uint8 grey picture, the most certain first."""


class HogDetector:
    """dlib's frontal face detector: five linear classifiers over HOG features, on a pyramid.

    It keeps the pyramid's memory between calls and is therefore not thread safe: one for each
    thread. The GIL is released while it scans. On grey pictures it is as accurate as on RGB and
    1.3 times faster or more.
    """

    def __init__(self, min_face_size: int = NATIVE_FACE_SIZE) -> None:
        """Find faces whose side is about `min_face_size` pixels or more.

        Below 80, the picture is enlarged before the scan and the time grows with the square of
        80 / `min_face_size`; above, it is reduced and the time falls likewise.
        """
        if min_face_size < 1:
            raise ValueError(f"a face has at least one pixel, not {min_face_size}")
        self._detector = dlib.get_frontal_face_detector()
        self._scale = NATIVE_FACE_SIZE / min_face_size

    def detect(self, grey: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces in an (h, w) uint8 grey picture, the most certain first."""
        scanned = grey if self._scale == 1 else _resized(grey, self._scale)
        across = grey.shape[1] / scanned.shape[1]
        down = grey.shape[0] / scanned.shape[0]
        rectangles, scores, _ = self._detector.run(scanned, 0, 0.0)
        found = [
            Detection(
                left=round(rectangle.left() * across),
                top=round(rectangle.top() * down),
                right=round((rectangle.right() + 1) * across),
                bottom=round((rectangle.bottom() + 1) * down),
                score=score,
            )
            for rectangle, score in zip(rectangles, scores, strict=True)
        ]
        return sorted(found, key=lambda detection: -detection.score)


def _resized(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return `grey` scaled; halved by averages first, since bilinear sampling skips pixels."""
    rows, columns = (max(1, round(side * scale)) for side in grey.shape)
    while grey.shape[0] >= 2 * rows and grey.shape[1] >= 2 * columns:
        even = grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2].astype(np.uint16)
        summed = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
        grey = ((summed + 2) >> 2).astype(np.uint8)
    if grey.shape == (rows, columns):
        return grey
    resized: NDArray[np.uint8] = dlib.resize_image(np.ascontiguousarray(grey), rows, columns)
    return resized
