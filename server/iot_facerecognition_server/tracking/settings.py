"""How faces are tracked."""

from dataclasses import dataclass

from iot_facerecognition_server.detection import NATIVE_FACE_SIZE


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """How faces are tracked.

    `full_scan_interval` is the time in seconds between two scans of the whole frame, at full sides,
    while something moves, 0 for every frame; `min_face_size` the side in pixels of the smallest
    face. The detector finds fainter faces than `newcomer_score` (`halved_score` at half the sides)
    only for tracks that expect them.
    """

    full_scan_interval: float = 0.5
    min_face_size: int = NATIVE_FACE_SIZE
    newcomer_score: float = 0.0
    halved_score: float = 0.0
