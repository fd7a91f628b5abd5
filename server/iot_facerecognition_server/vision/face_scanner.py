"""A worker thread's way from a JPEG to the faces in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import Detection, FaceDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder, checked_header


@dataclass(frozen=True, slots=True)
class ScannedFace:
    """A face in a frame: where it is, and its chip, (size, size, 3) uint8 RGB."""

    detection: Detection
    chip: NDArray[np.uint8]


class FaceScanner:
    """Decodes, detects and aligns. An instance belongs to one thread.

    Faces are sought on the grey picture; colour is decoded only when there is a face to cut out.
    """

    def __init__(
        self, decoder: JpegDecoder, detector: FaceDetector, aligner: FaceAligner, max_pixels: int
    ) -> None:
        """Refuse pictures of more than `max_pixels` by their header, before they cost anything."""
        self._max_pixels = max_pixels
        self._decoder = decoder
        self._detector = detector
        self._aligner = aligner

    def scan(self, jpeg: bytes) -> list[ScannedFace]:
        """Return the faces in `jpeg`, the most certain first.

        Raises FrameRejectedError for bytes that cannot be decoded and for too many pixels.
        """
        checked_header(jpeg, self._max_pixels)
        detections = self._detector.detect(self._decoder.grey(jpeg))
        return self.align(self._decoder.rgb(jpeg), detections) if detections else []

    def align(self, rgb: NDArray[np.uint8], detections: list[Detection]) -> list[ScannedFace]:
        """Return chips of `detections` in an (h, w, 3) uint8 RGB picture."""
        return [ScannedFace(found, self._aligner.chip(rgb, found)) for found in detections]
