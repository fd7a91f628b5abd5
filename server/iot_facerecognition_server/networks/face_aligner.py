"""Landmarks and chips of the faces in a batch of pictures, on the device that found them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.dlib_format import DlibFormatError
from iot_facerecognition_server.networks.face_chips import MEAN_FACE, cut_chips, plan_chip
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.lane import Lane, queued
from iot_facerecognition_server.networks.shape_predictor import (
    ShapePredictor,
    read_shape_predictor,
)

Chip = NDArray[np.uint8]
"""(size, size, 3) uint8 RGB."""


class BatchedFaceAligner:
    """dlib's face aligner for many faces at once. One instance, used by one thread at a time.

    From the same landmarks its chips are dlib's, but for a pixel in thousands that is rounded to
    the next grey level. The landmarks themselves are the same but for one face in ten, where the
    order in which small numbers are added moves one by a pixel or two.
    """

    def __init__(self, predictor: Path, device: str, size: int, padding: float) -> None:
        """Read dlib's 5-point `predictor`; chips have `size` pixels a side. NetworkFileError."""
        try:
            data = read_shape_predictor(predictor.read_bytes())
        except (OSError, DlibFormatError) as error:
            raise NetworkFileError(
                f"{predictor} holds no landmark predictor: {error}; "
                "fetch shape_predictor_5_face_landmarks.dat again"
            ) from error
        if len(data.initial) != len(MEAN_FACE):
            raise NetworkFileError(
                f"{predictor} finds {len(data.initial)} landmarks, {len(MEAN_FACE)} are needed"
            )
        self._finding, self._cutting = Lane(device), Lane(device)
        self._predictor = ShapePredictor(data, self._finding.device)
        self._size = size
        self._padding = padding

    def chips(
        self, pictures: list[tuple[NDArray[np.uint8], Sequence[Detection]]]
    ) -> list[list[Chip]]:
        """Return the chips of the faces on each of (h, w, 3) uint8 RGB pictures of one size."""
        faces = [found for _, found in pictures]
        owners = [number for number, found in enumerate(faces) for _ in found]
        if not owners:
            return [[] for _ in faces]
        boxes = [
            (face.box.left, face.box.top, face.box.right - 1, face.box.bottom - 1)
            for found in faces
            for face in found
        ]
        there: list[Tensor] = []  # the pictures, once they are on the device

        def find(on_device: Tensor) -> tuple[Tensor]:
            there.append(on_device)
            whose = queued(np.array(owners), on_device.device)
            where = queued(np.array(boxes, np.float64), on_device.device)
            return (self._predictor.landmarks(on_device, whose, where),)

        (landmarks,) = self._finding.run(find, np.stack([picture for picture, _ in pictures]))
        height, width = pictures[0][0].shape[:2]
        plans = [
            plan_chip(points, (width, height), self._size, self._padding) for points in landmarks
        ]

        def cut(_: Tensor) -> tuple[Tensor]:
            return (cut_chips(there[0], owners, plans, self._size),)

        (chips,) = self._cutting.run(cut, np.empty(0, np.uint8))
        rest = iter(chips)
        return [[next(rest) for _ in found] for found in faces]
