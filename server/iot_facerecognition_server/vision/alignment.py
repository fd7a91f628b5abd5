"""Upright face chips: what the descriptor network wants to see."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import dlib
import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection

CHIP_SIZE: Final = 150
"""Side in pixels of the chips that dlib's descriptor network was trained on."""
CHIP_PADDING: Final = 0.25
"""Padding around a face that it was trained with, as a share of the face."""


def dlib_rectangle(box: Box) -> Any:
    """Return `box` as a `dlib.rectangle`, whose last column and row are inside."""
    return dlib.rectangle(int(box.left), int(box.top), int(box.right) - 1, int(box.bottom) - 1)


class LandmarkFileError(Exception):
    """The landmark predictor's file is missing, damaged or of another kind."""


class FaceAligner:
    """Finds five landmarks in a face and cuts it out upright.

    The predictor is only read, so one aligner serves all threads. dlib holds the GIL in both steps,
    about 1 ms a face.
    """

    def __init__(
        self, predictor: Path, size: int = CHIP_SIZE, padding: float = CHIP_PADDING
    ) -> None:
        """Read the 5-point `predictor` file; chips have `size` pixels a side.

        Raises LandmarkFileError.
        """
        if size < 1 or padding < 0:
            raise ValueError(f"a chip needs pixels and no negative padding: {size}, {padding}")
        try:
            self._predictor = dlib.shape_predictor(str(predictor))
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[0]
            raise LandmarkFileError(f"{predictor} holds no landmark predictor: {reason}") from error
        self._size = size
        self._padding = padding

    def chip(self, rgb: NDArray[np.uint8], detection: Detection) -> NDArray[np.uint8]:
        """Return the face at `detection` in an (h, w, 3) uint8 picture as (size, size, 3) uint8."""
        landmarks = self._predictor(rgb, dlib_rectangle(detection.box))
        chip: NDArray[np.uint8] = dlib.get_face_chip(rgb, landmarks, self._size, self._padding)
        return chip

    def chips(self, rgb: NDArray[np.uint8], faces: Sequence[Detection]) -> list[NDArray[np.uint8]]:
        """Return the chip of each of the `faces`, one after the other."""
        return [self.chip(rgb, face) for face in faces]
