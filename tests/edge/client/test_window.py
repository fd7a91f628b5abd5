"""The window of programs with a screen."""

import cv2
import numpy as np
import pytest

from iot_facerecognition_client.sources import SourceError
from iot_facerecognition_client.window import RecognitionWindow, draw_faces, draw_objects
from iot_facerecognition_protocol import Face, ObjectLabel


def test_a_face_gets_a_rectangle_and_its_name():
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_faces(cv2, picture, (Face("obama", 100, 120, 90, 80),))
    assert (picture[120, 100:190] == (0, 0, 139)).all()
    assert (picture[120:200, 190] == (0, 0, 139)).all()
    assert picture[202:240, 100:200].any()
    assert not picture[125:195, 105:185].any()


def test_an_unknown_face_looks_different():
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_faces(cv2, picture, (Face("", 100, 120, 90, 80),))
    assert (picture[120, 100:190] == (128, 128, 128)).all()
    assert not picture[202:240].any()


def test_labels_stand_in_the_corner():
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_objects(cv2, picture, (ObjectLabel("coffee mug", 0.9), ObjectLabel("cup", 0.1)))
    assert picture[0:30, 20:200].any()
    assert picture[32:50, 20:200].any()
    assert not picture[60:].any()


def test_a_missing_desktop_is_told_with_the_cure(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(SourceError, match=r"no desktop here; use --headless"):
        RecognitionWindow("title")


def test_an_opencv_without_windows_is_told_with_the_cure(monkeypatch):
    if "GUI:                           NONE" not in cv2.getBuildInformation():
        pytest.skip("this OpenCV has windows")
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(SourceError, match=r"opencv-python, not -headless.*--headless"):
        RecognitionWindow("title")
