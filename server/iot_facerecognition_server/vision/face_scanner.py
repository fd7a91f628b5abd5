"""A worker thread's way from a JPEG to the faces in it."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.vision.face_quality import face_quality
from iot_facerecognition_server.vision.faces import FaceDetector, as_stored
from iot_facerecognition_server.vision.jpeg import FULL_SIZE
from iot_facerecognition_server.vision.jpeg_header import JpegLimits, checked_header
from iot_facerecognition_server.vision.orientation import upright
from iot_facerecognition_server.vision.sharpness import sharpness

Chip = NDArray[np.uint8]
"""An aligned face, (size, size, 3) uint8 RGB."""
ScannedFaces = tuple[Sequence[Detection], Sequence[Chip]]
"""The faces of a frame, the most certain first, and the chip of each."""


class PictureDecoder(Protocol):
    """Decodes JPEGs, in eighths of their size; used by one thread only."""

    def grey(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return the (h, w) uint8 grey picture. Raises FrameRejectedError."""

    def rgb(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return the (h, w, 3) uint8 RGB picture. Raises FrameRejectedError."""


class ChipCutter(Protocol):
    """Cuts aligned faces out of pictures; used by any thread."""

    def chips(self, rgb: NDArray[np.uint8], faces: Sequence[Detection]) -> Sequence[Chip]:
        """Return the chip of each of the faces on an (h, w, 3) uint8 picture."""


class FaceScanner:
    """Decodes, detects and aligns. An instance belongs to one thread.

    Faces are searched for on a picture no larger than the detector needs, which libjpeg-turbo
    decodes faster; the full one in colour is decoded only when there is a face to cut out.
    """

    def __init__(
        self,
        decoder: PictureDecoder,
        detector: FaceDetector,
        aligner: ChipCutter,
        limits: JpegLimits,
    ) -> None:
        """Refuse what is past `limits` before it is decoded."""
        self._limits = limits
        self._decoder = decoder
        self._detector = detector
        self._aligner = aligner

    def scan(self, jpeg: bytes) -> ScannedFaces:
        """Return the faces in `jpeg`, the most certain first, and their chips.

        A frame with an orientation is searched upright; the boxes are in the frame as it is
        stored. Raises FrameRejectedError for bytes that cannot be decoded and for what is past the
        limits.
        """
        header = checked_header(jpeg, self._limits)
        scale = self._detector.scale_of(header.upright_size)
        eighths = min(FULL_SIZE, max(1, ceil(FULL_SIZE * scale)))
        decode = self._decoder.rgb if self._detector.colour else self._decoder.grey
        picture = upright(decode(jpeg, eighths), header.orientation)
        detections = self._detector.detect(picture, eighths / FULL_SIZE)
        if not detections:
            return (), ()
        rgb, size = picture, header.upright_size
        sharp = [sharpness(picture, found.box) for found in detections]
        if eighths < FULL_SIZE:
            width, height = size
            across, down = width / picture.shape[1], height / picture.shape[0]
            detections = [found.scaled(across, down) for found in detections]
        if eighths < FULL_SIZE or not self._detector.colour:
            rgb = upright(self._decoder.rgb(jpeg), header.orientation)
        chips = self._aligner.chips(rgb, detections)
        judged = [
            as_stored(replace(found, quality=face_quality(found, clear, size)), header)
            for found, clear in zip(detections, sharp, strict=True)
        ]
        return judged, chips
