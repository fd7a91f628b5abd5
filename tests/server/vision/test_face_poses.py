"""dlib's detector, taken apart by poses."""

from pathlib import Path

import dlib
import numpy as np
import pytest
from PIL import Image, ImageOps

from iot_facerecognition_server.third_parties.dlib_detector import DetectorFormatError, by_pose
from iot_facerecognition_server.vision.faces import HogDetector

POSES = 5
"""dlib's `frontal_face_detector.h`: ahead, left, right, turned left, turned right."""


class Written:
    """Something that pickles as a detector does."""

    num_detectors = POSES

    def __init__(self, state: bytes) -> None:
        self._state = state

    def __getstate__(self) -> tuple[bytes]:
        return (self._state,)


@pytest.fixture(scope="module")
def detector() -> dlib.fhog_object_detector:
    return dlib.get_frontal_face_detector()


@pytest.fixture(scope="module")
def faces(photos: Path) -> list[np.ndarray]:
    """Heads in several poses: as they are, in a mirror, and turned a little."""
    heads = [Image.open(photos / name).convert("L") for name in ("biden.jpg", "obama2.jpg")]
    turned = [head.rotate(angle) for head in heads for angle in (-20, 20)]
    mirrored = [ImageOps.mirror(head) for head in heads]
    return [np.asarray(head) for head in (*heads, *mirrored, *turned)]


def boxes(rectangles) -> list[tuple[int, int, int, int]]:
    return [(r.left(), r.top(), r.right(), r.bottom()) for r in rectangles]


def test_each_pose_finds_what_the_whole_finds_with_it_at_the_same_score(detector, faces):
    poses = by_pose(detector)
    assert [pose.num_detectors for pose in poses] == [1] * POSES
    seen = set()
    for picture in faces:
        rectangles, scores, which = detector.run(picture, 0, 0.0)
        assert len(scores) >= 1
        for box, score, pose in zip(boxes(rectangles), scores, which, strict=True):
            alone, alone_scores, _ = poses[pose].run(picture, 0, 0.0)
            assert (box, score) in zip(boxes(alone), alone_scores, strict=True)
            seen.add(pose)
    assert len(seen) >= 3, "heads in one pose would prove little"


def test_detections_tell_the_pose_whoever_finds_them(faces):
    whole = HogDetector()
    poses = whole.poses()
    for picture in faces:
        for found in whole.detect(picture):
            assert found.pose is not None
            assert found in poses[found.pose].detect(picture)


def test_poses_keep_what_was_asked_of_the_detector(faces):
    (strict,) = {pose.threshold for pose in HogDetector(threshold=1.0).poses()}
    assert strict == 1.0
    large = HogDetector(min_face_size=200).poses()
    assert {pose.scale for pose in large} == {0.4}


@pytest.mark.parametrize("length", [0, 1, 30, 1000, -1])
def test_what_dlib_does_not_write_is_refused(detector, length):
    (state,) = detector.__getstate__()
    with pytest.raises(DetectorFormatError):
        by_pose(Written(state[:length]))
    with pytest.raises(DetectorFormatError, match="after the last"):
        by_pose(Written(state + b"\x01\x00"))


def test_other_numbers_than_dlibs_are_refused(detector):
    (state,) = detector.__getstate__()
    with pytest.raises(DetectorFormatError):
        by_pose(Written(b"\x01\x09" + state[2:]))
    with pytest.raises(DetectorFormatError, match="classifiers"):
        by_pose(Written(b"\x01\x00" + state))
