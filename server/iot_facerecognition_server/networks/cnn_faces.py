"""Faces found by a network."""

from collections.abc import Callable, Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import NATIVE_FACE_SIZE, Detection
from iot_facerecognition_server.vision.scaling import rescaled

Find = Callable[[NDArray[np.uint8]], Sequence[Detection]]
"""Finds the faces on one (h, w, 3) uint8 RGB picture; called from any thread."""


class CnnDetector:
    """dlib's detector network as a `FaceDetector`: it also finds turned and covered faces.

    Its smallest face is that of HOG, 80 pixels; scores run from 0 to about 1.1.
    """

    colour: Final = True

    def __init__(self, find: Find, min_face_size: int = NATIVE_FACE_SIZE) -> None:
        """Find faces whose side is about `min_face_size` pixels or more, with `find`.

        Other sizes than 80 enlarge or reduce the picture first, as with `HogDetector`.
        """
        if min_face_size < 1:
            raise ValueError(f"a face has at least one pixel, not {min_face_size}")
        self._find = find
        self.scale: Final = NATIVE_FACE_SIZE / min_face_size

    def copy(self) -> Self:
        """Return itself: it keeps nothing between calls."""
        return self

    def scale_of(self, size: tuple[int, int]) -> float:  # noqa: ARG002 - the same for all
        """Return `scale`."""
        return self.scale

    def detect(self, picture: NDArray[np.uint8], reduction: float = 1.0) -> list[Detection]:
        """Return the faces in an (h, w, 3) RGB or (h, w) grey uint8 picture, best first."""
        scanned = rescaled(picture, self.scale / reduction)
        across = picture.shape[1] / scanned.shape[1]
        down = picture.shape[0] / scanned.shape[0]
        rgb = scanned if scanned.ndim > 2 else np.repeat(scanned[:, :, np.newaxis], 3, axis=2)  # noqa: PLR2004
        return [found.scaled(across, down) for found in self._find(rgb)]
