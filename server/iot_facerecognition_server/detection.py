"""A face that was found: the value that detectors, search, tracking and recognition share."""

from dataclasses import dataclass, replace
from typing import Final, Self

from iot_facerecognition_protocol.box import Box

NATIVE_FACE_SIZE: Final = 80
"""Side in pixels of dlib's frontal face detector's window: the smallest face it finds."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Where a face is in one frame, and what is known of it so far.

    `box` is in whole pixels; it may lie beyond the picture's edge. `score` is the detector's
    confidence: 0 is the detection threshold, a good frontal face has 1 to 3. `pose` is which of the
    HOG detector's classifiers has found it (`third_parties.dlib_detector`), None without them.
    `frontal` is how far the head faces the camera, from 0 (a profile) to 1, as far as its detector
    can tell. `quality` says how good a descriptor the face gives, from 0 to 1
    (`vision.face_quality`); it is 0 until somebody has looked.

    What is recognised is the same value with more in it: `frames.RecognisedFace`.
    """

    box: Box
    score: float
    pose: int | None = None
    frontal: float = 1.0
    quality: float = 0.0

    def scaled(self, across: float, down: float | None = None) -> Self:
        """Return it in a picture whose sides are `across` and `down` (the same) times as long."""
        return self.placed(self.box.scaled(across, across if down is None else down).rounded())

    def placed(self, box: Box) -> Self:
        """Return it with its face at `box`."""
        return replace(self, box=box)
