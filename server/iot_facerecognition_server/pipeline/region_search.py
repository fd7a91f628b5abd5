"""Looks for faces in parts of a frame, each resized so that the expected face is easy to find."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import NATIVE_FACE_SIZE, Detection
from iot_facerecognition_server.third_parties.dlib_detector import DetectorFormatError
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion
from iot_facerecognition_server.vision.face_quality import face_quality
from iot_facerecognition_server.vision.faces import FaceDetector, HogDetector
from iot_facerecognition_server.vision.scaling import resized
from iot_facerecognition_server.vision.sharpness import sharpness

_log = logging.getLogger(__name__)

HELD_SCORE: Final = -0.15
"""Score from which on a face counts where one is expected, while 0 is asked of newcomers.

At the detector's limit the score of a face that stays changes by more from frame to frame: by where
the cells of the HOG fall on it (docs/decisions/tracking.md).
"""


def region_detector(detector: HogDetector) -> HogDetector:
    """Return a copy of `detector` for regions, which are resized and hold tracked faces."""
    return detector.copy(NATIVE_FACE_SIZE, HELD_SCORE)


class RegionSearcher:
    """Looks for faces in regions of grey pictures. An instance belongs to one thread."""

    def __init__(self, every_pose: FaceDetector, poses: Sequence[FaceDetector]) -> None:
        """Search with `every_pose`, which `region_detector` makes, or with one of its `poses`.

        Without `poses`, each is searched for in all regions.
        """
        self._every_pose = every_pose
        self._poses = poses

    @classmethod
    def like(
        cls,
        detector: HogDetector,
        wrapped: Callable[[FaceDetector], FaceDetector] = lambda detector: detector,
    ) -> Self:
        """Return a searcher with copies of `detector`, each of which is first `wrapped`."""
        every_pose = region_detector(detector)
        try:
            poses = every_pose.poses()
        except DetectorFormatError as error:
            _log.warning("Tracking takes longer: dlib's detector has another format (%s)", error)
            poses = []
        return cls(wrapped(every_pose), [wrapped(pose) for pose in poses])

    def search(
        self,
        grey: NDArray[np.uint8],
        region: SearchRegion,
        frame: tuple[int, int],
        reduction: float = 1.0,
    ) -> list[Detection]:
        """Return the faces in `region` of a `frame` of (width, height), in pixels of the frame.

        `grey` is the frame, (h, w) uint8, with its sides divided by `reduction`.
        """
        part = grey[region.box.scaled(1 / reduction, 1 / reduction).pixels]
        scale = region.scale * reduction
        scanned = np.ascontiguousarray(part) if scale == 1 else resized(part, scale)
        across = part.shape[1] / scanned.shape[1] * reduction
        down = part.shape[0] / scanned.shape[0] * reduction
        detector = self._every_pose
        if region.pose is not None and self._poses:
            detector = self._poses[region.pose]
        judged = []
        for found in detector.detect(scanned):
            box = found.box.scaled(across, down).rounded().moved(region.box.left, region.box.top)
            placed = found.placed(box)
            quality = face_quality(placed, sharpness(scanned, found.box), frame)
            judged.append(replace(placed, quality=quality))
        return judged
