"""The largest face on a reference photo."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.gallery.descriptor_cache import PhotoFaces
from iot_facerecognition_server.gallery.photo import decode_photo
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import FaceDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.scaling import luma, resized

PHOTO_READING: Final = 2
"""Goes up when the same photo gives another face than before, for those who keep what it gave."""
SCANNED_SIDE: Final = 1280
"""Longer side in pixels at which a photo is searched first; at full size only if that finds none.

A portrait's face is far above the detector's 80 pixels even so, and the scan is ten times faster.
"""

Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Chips, (N, S, S, 3) uint8, to descriptors, (N, 128) float32."""


class PhotoReader:
    """Finds and describes the largest face on a photo.

    An instance belongs to one thread at a time, as its decoder and detector do.
    """

    def __init__(
        self, decoder: JpegDecoder, detector: FaceDetector, aligner: FaceAligner, describe: Describe
    ) -> None:
        self._decoder = decoder
        self._detector = detector
        self._aligner = aligner
        self._describe = describe

    def faces(self, content: bytes) -> PhotoFaces:
        """Return what a photo of this file content shows. Raises PhotoError."""
        picture = decode_photo(content, self._decoder)
        found = self._detect(picture if self._detector.colour else luma(picture))
        if not found:
            return PhotoFaces(0, None)
        largest = max(found, key=lambda detection: detection.box.area)
        chip = self._aligner.chip(picture, largest)
        return PhotoFaces(len(found), self._describe(chip[np.newaxis])[0])

    def _detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces on a photo, searched at `SCANNED_SIDE` first."""
        scale = SCANNED_SIDE / max(picture.shape[:2])
        if scale < 1:
            found = self._detector.detect(resized(picture, scale))
            if found:
                return [detection.scaled(1 / scale) for detection in found]
        return self._detector.detect(picture)
