"""The window of programs with a screen."""

import cv2
import numpy as np
import pytest

from iot_facerecognition_client.scene import Scene
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


def test_an_unknown_face_larger_than_the_picture_is_drawn_as_far_as_it_is_in_it():
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_faces(cv2, picture, (Face("", 100, -20, 400, 540),))
    assert (picture[100, 100] == (128, 128, 128)).all()


def test_labels_stand_in_the_corner():
    picture = np.zeros((480, 640, 3), np.uint8)
    draw_objects(cv2, picture, (ObjectLabel("coffee mug", 0.9), ObjectLabel("cup", 0.1)))
    assert picture[0:30, 20:200].any()
    assert picture[32:50, 20:200].any()
    assert not picture[60:].any()


@pytest.fixture
def shown(monkeypatch):
    """The pictures that a window was given, with the calls that need a desktop left out."""
    pictures = []
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("namedWindow", "setWindowProperty", "destroyAllWindows"):
        monkeypatch.setattr(cv2, name, lambda *_: None)
    monkeypatch.setattr(cv2, "imshow", lambda _, picture: pictures.append(picture))
    monkeypatch.setattr(cv2, "waitKey", lambda _: -1)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1.0)
    return pictures


def test_a_box_lies_on_its_face_in_pictures_of_two_proportions_and_on_no_other(shown):
    faces = {Scene(1, (640, 480)): (400, 100, 120, 90), Scene(2, (300, 600)): (60, 380, 80, 100)}
    window = RecognitionWindow("title")
    before = None
    for scene, (x, y, width, height) in faces.items():
        pixels = np.zeros((scene.size[1], scene.size[0], 3), np.uint8)
        pixels[y : y + height, x : x + width] = 255
        jpeg = cv2.imencode(".png", pixels)[1].tobytes()
        window.show(jpeg, 10.0, scene)
        assert np.array_equal(shown[-1], pixels), f"a box of {before} over {scene}"
        window.show_faces((Face("", x, y, width, height),), 10.0, scene)
        window.show(jpeg, 10.1, scene)
        drawn = (shown[-1] == 128).all(axis=2)
        assert drawn[y, x : x + width].all()
        assert drawn[y : y + height, x + width].all()
        before = scene


def test_a_missing_desktop_is_reported_with_the_cure(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(SourceError, match=r"no desktop here; use --headless"):
        RecognitionWindow("title")


def test_an_opencv_without_windows_is_reported_with_the_cure(monkeypatch):
    if "GUI:                           NONE" not in cv2.getBuildInformation():
        pytest.skip("this OpenCV has windows")
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(SourceError, match=r"opencv-python, not -headless.*--headless"):
        RecognitionWindow("title")


def test_a_frame_is_shown_as_it_was_sent_and_as_ever_after_a_damaged_one(shown):
    """Boxes are of the frame as sent: one with an orientation is not turned."""
    pixels = np.zeros((48, 96, 3), np.uint8)
    pixels[:24, :48] = 255
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    tiff = bytes.fromhex("4d4d002a00000008 0001 0112 0003 00000001 00060000 00000000")
    segment = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff
    sideways = jpeg[:2] + segment + jpeg[2:]
    window = RecognitionWindow("title")
    window.show(sideways, 0.0)
    assert shown[-1].shape == pixels.shape
    for bad in (jpeg[:2] + bytes.fromhex("ffdd000300") + jpeg[2:], jpeg[:100], b"no picture"):
        assert window.show(bad, 0.0)
        window.show(sideways, 0.0)
        assert np.array_equal(shown[-1], shown[0])
