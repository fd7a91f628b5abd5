"""YuNet as a detector of faces."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.yunet.faces import suppressed
from iot_facerecognition_server.vision.scaling import rescaled

NATIVE_SIZE: Final = 30
"""Side in pixels of the smallest face that is found as well as larger ones, at full sides."""
CERTAIN: Final = 0.8
"""Score from which a box at full sides is a face by itself: next to none are of things."""
CERTAIN_AT_HALF: Final = 0.75
"""The same at half the sides, where scores are lower and fewer things look like faces."""

MOST_PIXELS: Final = 1280 * 960
"""Pixels that are searched at a time: the network takes 65 bytes of memory for each. Larger
pictures are reduced to them, and the smallest face grows likewise: to 39 pixels at 1920 x 1080, to
80, which are HOG's, at 4096 x 2160."""

_LARGEST: Final = 512
"""Shorter side in pixels above which pictures are searched at a quarter of their sides as well, and
the longer one where no face was found: at full sides faces of 480 pixels are missed now and then,
and none of 700 is found."""
_QUARTER: Final = 4

Find = Callable[[NDArray[np.uint8]], Sequence[Detection]]
"""Finds the faces on one (h, w, 3) uint8 RGB picture, as `faces.faces`; called from any thread."""


class YunetDetector:
    """YuNet as a `FaceDetector`. Scores go from 0.6 to about 0.95.

    Turned, dim and small faces are found, and boxes are those that HOG would draw.
    """

    colour: Final = True

    def __init__(
        self, find: Find, min_face_size: int = NATIVE_SIZE, threshold: float = CERTAIN
    ) -> None:
        """Find faces of `min_face_size` pixels or more with a score of `threshold` at least.

        Above 30 pixels the picture is reduced before it is searched, and the time falls with the
        square; below, it is enlarged, to MOST_PIXELS at most. No threshold lets faces through
        below 0.6.
        """
        if min_face_size < 1:
            raise ValueError(f"a face has at least one pixel, not {min_face_size}")
        self._find = find
        self.scale = NATIVE_SIZE / min_face_size
        self.threshold = threshold

    def copy(self, threshold: float | None = None, reduced: float = 1.0) -> Self:
        """Return one for another thread; at sides times `reduced`, or another `threshold`."""
        twin = copy.copy(self)
        twin.scale = self.scale * reduced
        if threshold is not None:
            twin.threshold = threshold
        return twin

    def scale_of(self, size: tuple[int, int]) -> float:
        """Return `scale`, or less for a picture that would have more than MOST_PIXELS."""
        return min(self.scale, math.sqrt(MOST_PIXELS / math.prod(size)))

    def detect(self, picture: NDArray[np.uint8], reduction: float = 1.0) -> list[Detection]:
        """Return the faces in an (h, w, 3) RGB or (h, w) grey uint8 picture, best first."""
        whole = round(picture.shape[1] / reduction), round(picture.shape[0] / reduction)
        scanned = rescaled(picture, self.scale_of(whole) / reduction)
        rgb = scanned if scanned.ndim > 2 else np.repeat(scanned[:, :, np.newaxis], 3, axis=2)  # noqa: PLR2004
        found = list(self._find(rgb))
        if min(rgb.shape[:2]) > _LARGEST or self._may_be_close(rgb, found):
            found = self._with_large_ones(rgb, found)
        across = picture.shape[1] / rgb.shape[1]
        down = picture.shape[0] / rgb.shape[0]
        return [face.scaled(across, down) for face in found if face.score >= self.threshold]

    def _may_be_close(self, rgb: NDArray[np.uint8], found: list[Detection]) -> bool:
        """Tell whether a face may fill all of `rgb`: then there is hardly another one in it."""
        certain = any(face.score >= self.threshold for face in found)
        return max(rgb.shape[:2]) > _LARGEST and not certain

    def _with_large_ones(self, rgb: NDArray[np.uint8], found: list[Detection]) -> list[Detection]:
        """Add the faces that are too large for the network at the sides of `rgb`."""
        # Single pixels, not means: far cheaper, and enough of a face this large.
        every = slice(_QUARTER // 2, None, _QUARTER)
        small = np.ascontiguousarray(rgb[every, every])
        across, down = rgb.shape[1] / small.shape[1], rgb.shape[0] / small.shape[0]
        large = [
            replace(face, box=face.box.scaled(across, down))
            for face in self._find(small)
            if face.box.width * across > _LARGEST / 2
        ]
        both = sorted([*found, *large], key=lambda face: -face.score)
        corners = [(face.box.left, face.box.top, face.box.right, face.box.bottom) for face in both]
        return [both[one] for one in suppressed(np.array(corners, np.float64).reshape(-1, 4).T)]
