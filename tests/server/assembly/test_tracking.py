"""Which tracker goes with which detector, and what a thread is given for it."""

from collections.abc import Sequence

import numpy as np
import pytest

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.assembly.tracking import make_searcher, make_tracker
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.cnn_faces import CnnDetector
from iot_facerecognition_server.networks.yunet.detector import NATIVE_SIZE, YunetDetector
from iot_facerecognition_server.networks.yunet.faces import LEAST_SCORE
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.scan_tracker import ScanTracker
from iot_facerecognition_server.tracking.watched_frame import Sides
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits

FAINT = Detection(Box.at(20, 20, 40, 40), LEAST_SCORE)


class NoChips:
    def chips(self, _rgb: np.ndarray, _faces: Sequence[Detection]) -> list[np.ndarray]:
        return []


def searcher_of(detector):
    return make_searcher(detector, lambda same: same, JpegDecoder(), NoChips(), JpegLimits())


def test_yunet_is_tracked_by_scans_and_hog_by_regions():
    yunet = YunetDetector(lambda _picture: [])
    assert isinstance(make_tracker(yunet, 0.5, NATIVE_SIZE), ScanTracker)
    assert isinstance(make_tracker(HogDetector(), 0.5, 80), RegionTracker)
    assert make_tracker(CnnDetector(lambda _picture: []), 0.5, 80) is None


def test_yunet_scans_frames_at_parts_of_their_sides_or_all_and_tells_faint_faces(photos):
    sides = []

    def find(picture: np.ndarray) -> list[Detection]:
        sides.append(picture.shape[:2])
        return [FAINT]

    frame = searcher_of(YunetDetector(find)).open((photos / "rocket.jpg").read_bytes())
    width, height = frame.size
    (quarter,), (half,), (full,) = map(frame.scan, (Sides.QUARTER, Sides.HALF, Sides.FULL))
    assert sides == [(-(-height // part), -(-width // part)) for part in (4, 2, 1)]
    assert half.box == Box.at(40, 40, 80, 80)
    assert quarter.box.iou(Box.at(80, 80, 160, 160)) > 0.95
    assert (full.box, full.score) == (FAINT.box, LEAST_SCORE)


@pytest.mark.parametrize("sides", Sides)
def test_a_thumbnail_is_the_same_however_the_frame_is_searched(photos, sides):
    searcher = searcher_of(YunetDetector(lambda _picture: []))
    for name in ("rocket.jpg", "biden.jpg"):  # of even sides, 970 x 2204
        jpeg = (photos / name).read_bytes()
        small = searcher.open(jpeg).thumbnail(None)
        searched = searcher.open(jpeg).thumbnail(sides)
        assert small.shape == searched.shape
        difference = np.abs(small.astype(int) - searched)
        assert difference.mean() < 0.5
        # At the cut edge the encoder filled up with pixels that only it knows.
        assert difference[:-1, :-1].max() <= 3


def test_a_detector_that_cannot_be_tracked_gets_no_searcher():
    with pytest.raises(ValueError, match="CnnDetector are not tracked"):
        searcher_of(CnnDetector(lambda _picture: []))
