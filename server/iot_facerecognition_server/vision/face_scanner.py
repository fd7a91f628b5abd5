"""A worker thread's way from a JPEG to the faces in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.vision.faces import Detection, FaceDetector
from iot_facerecognition_server.vision.jpeg import FULL_SIZE, checked_header


@dataclass(frozen=True, slots=True)
class ScannedFace:
    """A face in a frame: where it is, and its chip, (size, size, 3) uint8 RGB."""

    detection: Detection
    chip: NDArray[np.uint8]


class PictureDecoder(Protocol):
    """Decodes JPEGs, in eighths of their size; used by one thread only."""

    def grey(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return the (h, w) uint8 grey picture. Raises FrameRejectedError."""

    def rgb(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Return the (h, w, 3) uint8 RGB picture. Raises FrameRejectedError."""


class ChipCutter(Protocol):
    """Cuts aligned faces out of pictures; used by any thread."""

    def chips(
        self, rgb: NDArray[np.uint8], faces: Sequence[Detection]
    ) -> Sequence[NDArray[np.uint8]]:
        """Return a (size, size, 3) uint8 RGB chip of each of the faces."""


class FaceScanner:
    """Decodes, detects and aligns. An instance belongs to one thread.

    Faces are sought on a picture no larger than the detector needs, which libjpeg-turbo decodes
    faster; the full one in colour is decoded only when there is a face to cut out.
    """

    def __init__(
        self, decoder: PictureDecoder, detector: FaceDetector, aligner: ChipCutter, max_pixels: int
    ) -> None:
        """Refuse pictures of more than `max_pixels` by their header, before they cost anything."""
        self._max_pixels = max_pixels
        self._decoder = decoder
        self._detector = detector
        self._aligner = aligner
        self._eighths = min(FULL_SIZE, max(1, ceil(FULL_SIZE * detector.scale)))

    def scan(self, jpeg: bytes) -> list[ScannedFace]:
        """Return the faces in `jpeg`, the most certain first.

        Raises FrameRejectedError for bytes that cannot be decoded and for too many pixels.
        """
        header = checked_header(jpeg, self._max_pixels)
        decode = self._decoder.rgb if self._detector.colour else self._decoder.grey
        picture = decode(jpeg, self._eighths)
        detections = self._detector.detect(picture, self._eighths / FULL_SIZE)
        if not detections:
            return []
        if self._eighths < FULL_SIZE:
            across, down = header.width / picture.shape[1], header.height / picture.shape[0]
            detections = [found.scaled(across, down) for found in detections]
            return self.align(self._decoder.rgb(jpeg), detections)
        rgb = picture if self._detector.colour else self._decoder.rgb(jpeg)
        return self.align(rgb, detections)

    def align(self, rgb: NDArray[np.uint8], detections: list[Detection]) -> list[ScannedFace]:
        """Return chips of `detections` in an (h, w, 3) uint8 RGB picture."""
        chips = self._aligner.chips(rgb, detections)
        return [ScannedFace(*pair) for pair in zip(detections, chips, strict=True)]
