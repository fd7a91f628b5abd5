"""What the benchmark of detectors counts, without one."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks.detectors import Count, count
from benchmarks.labelled_faces import CONDITIONS, FacePhoto, face_photos, turned
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection

EMPTY = np.zeros((100, 200, 3), np.uint8)


def finding(*boxes: Box):
    return lambda _: [Detection(box, 1.0) for box in boxes]


def test_a_box_counts_for_one_face_and_the_rest_are_on_nothing():
    face, other = Box(10, 10, 40, 50), Box(100, 10, 160, 90)
    photo = FacePhoto("two", EMPTY, (face, other), ignored=(Box(180, 0, 190, 10),))
    found = count(finding(Box(12, 12, 42, 50), Box(60, 60, 90, 90), Box(181, 1, 189, 9)), [photo])
    assert found == Count((40, 80), (True, False), 1)
    assert found.recall() == 0.5
    assert found.recall(30, 60) == 1.0
    assert found.recall(100) is None


def test_a_face_found_elsewhere_or_much_too_large_is_not_found():
    photo = FacePhoto("one", EMPTY, (Box(10, 10, 30, 30),))
    assert not any(count(finding(Box(100, 10, 120, 30)), [photo]).found)
    assert not any(count(finding(Box(0, 0, 90, 90)), [photo]).found)


@pytest.mark.parametrize("degrees", [15, 30, -90])
def test_a_label_turns_with_its_photo(degrees):
    picture = EMPTY.copy()
    picture[20:30, 150:160] = 255
    photo = turned(degrees)(FacePhoto("spot", picture, (Box(150, 20, 160, 30),)))
    rows, columns = np.nonzero(photo.rgb[:, :, 0] > 128)
    across, down = photo.faces[0].centre
    assert columns.mean() + 0.5 == pytest.approx(across, abs=1)
    assert rows.mean() + 0.5 == pytest.approx(down, abs=1)


def test_conditions_change_the_picture_alone():
    picture = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    photo = FacePhoto("noise", picture, (Box(1, 1, 9, 9),))
    for name in ("blurred by 2 pixels", "a quarter of the light", "JPEG quality 30"):
        changed = CONDITIONS[name](photo)
        assert changed.rgb.shape == picture.shape
        assert (changed.rgb != picture).any()
        assert changed.faces == photo.faces


def test_labels_are_of_the_size_that_they_tell(tmp_path):
    Image.fromarray(EMPTY).save(tmp_path / "a.png")
    truth = {"a.png": {"size": [100, 50], "faces": [[1, 2, 3, 4]], "ignore": [[5, 6, 7, 8]]}}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (photo,) = face_photos(tmp_path)
    assert photo.rgb.shape == (50, 100, 3)
    assert (photo.faces, photo.ignored) == ((Box(1, 2, 3, 4),), (Box(5, 6, 7, 8),))
