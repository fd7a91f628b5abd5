"""How faces are tracked, by what the configured detector costs."""

from collections.abc import Callable

from iot_facerecognition_server.networks.yunet.detector import (
    CERTAIN,
    CERTAIN_AT_HALF,
    YunetDetector,
)
from iot_facerecognition_server.networks.yunet.faces import LEAST_SCORE
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.pipeline.region_search import RegionSearcher
from iot_facerecognition_server.pipeline.tracked_faces import FaceTracker
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.scan_tracker import ScanTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Sides
from iot_facerecognition_server.vision.face_scanner import ChipCutter, PictureDecoder
from iot_facerecognition_server.vision.faces import CopyableDetector, FaceDetector, HogDetector
from iot_facerecognition_server.vision.jpeg_header import JpegLimits

Timed = Callable[[FaceDetector], FaceDetector]
"""Puts a stopwatch around a detector."""


def make_tracker(
    detector: CopyableDetector, full_scan_interval: float, min_face_size: int
) -> FaceTracker | None:
    """Return what every session begins to track faces with; None: they cannot be tracked.

    The CNN's boxes change with the picture around them.
    """
    match detector:
        case YunetDetector():
            return ScanTracker(
                TrackingSettings(full_scan_interval, min_face_size, CERTAIN, CERTAIN_AT_HALF)
            )
        case HogDetector():
            return RegionTracker(TrackingSettings(full_scan_interval, min_face_size))
    return None


def make_searcher(
    detector: CopyableDetector,
    timed: Timed,
    decoder: PictureDecoder,
    aligner: ChipCutter,
    limits: JpegLimits,
) -> FrameSearcher:
    """Return what one thread does for the trackers that `make_tracker` makes."""
    match detector:
        case YunetDetector():
            held = detector.copy(threshold=LEAST_SCORE)
            reduced = {
                sides: timed(held.copy(reduced=sides.value))
                for sides in (Sides.HALF, Sides.QUARTER)
            }
            return FrameSearcher(decoder, timed(held), aligner, limits, reduced=reduced)
        case HogDetector():
            regions = RegionSearcher.like(detector, timed)
            return FrameSearcher(decoder, timed(detector.copy()), aligner, limits, regions=regions)
    raise ValueError(f"faces found by {type(detector).__name__} are not tracked")
