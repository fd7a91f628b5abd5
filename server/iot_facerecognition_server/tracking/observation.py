"""A face as a search found it."""

from dataclasses import dataclass

from iot_facerecognition_server.vision.chip_quality import chip_quality
from iot_facerecognition_server.vision.detection import Detection


@dataclass(frozen=True, slots=True)
class Observation:
    """A detection with its `sharpness` in grey levels (`vision.sharpness`)."""

    detection: Detection
    sharpness: float

    def quality(self, frame: tuple[int, int]) -> float:
        """Return how good a descriptor it will give in a `frame` of (width, height)."""
        return chip_quality(self.detection, self.sharpness, frame)
