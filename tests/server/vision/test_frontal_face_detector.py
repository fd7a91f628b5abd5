"""dlib's detector, kept for the next start."""

from pathlib import Path

import dlib
import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_server.vision.frontal_face_detector import frontal_face_detector


@pytest.fixture(scope="module")
def portrait(photos: Path) -> np.ndarray:
    return np.asarray(Image.open(photos / "obama2.jpg").convert("L"))


def found(detector, picture: np.ndarray):
    rectangles, scores, which = detector.run(picture, 0, -0.5)
    return [(r.left(), r.top(), r.right(), r.bottom()) for r in rectangles], scores, which


def test_the_kept_detector_is_dlibs_own(tmp_path: Path, portrait, monkeypatch):
    expected = found(frontal_face_detector(), portrait)
    assert len(expected[1]) >= 1
    assert found(frontal_face_detector(tmp_path / "new"), portrait) == expected
    monkeypatch.setattr(dlib, "get_frontal_face_detector", None)
    assert found(frontal_face_detector(tmp_path / "new"), portrait) == expected


def test_a_damaged_one_is_made_again(tmp_path: Path, portrait, caplog):
    expected = found(frontal_face_detector(tmp_path), portrait)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for content in (b"", whole[:1000], b"no detector", b"\0" + whole[1:]):
        kept.write_bytes(content)
        assert found(frontal_face_detector(tmp_path), portrait) == expected
        assert kept.read_bytes() == whole
    assert caplog.text.count("is damaged and made again") == 4


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, portrait, caplog):
    (tmp_path / "file").touch()
    assert found(frontal_face_detector(tmp_path / "file" / "below"), portrait)[1]
    assert "unpacked at every start" in caplog.text
