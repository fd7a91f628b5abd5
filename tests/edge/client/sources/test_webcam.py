"""A webcam as OpenCV opens it."""

import sys
import time
from typing import ClassVar

import cv2
import numpy as np
import pytest

from iot_facerecognition_client.sources import SourceError, open_source
from iot_facerecognition_client.sources.webcam import Webcam
from tests.edge.client.sources.frames import ManualClock, decoded


class CameraDevice:
    """What `cv2.VideoCapture` does for a camera with a picture in front of it."""

    open_devices: ClassVar[list["CameraDevice"]] = []
    pictures_left = 10**9

    def __init__(self, number: int) -> None:
        self.number = number
        self.properties = {}
        self.open_devices.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, name: int, value: float) -> bool:
        self.properties[name] = value
        return True

    def grab(self) -> bool:
        time.sleep(0.001)
        self.pictures_left -= 1
        return self.pictures_left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        width = int(self.properties[cv2.CAP_PROP_FRAME_WIDTH])
        height = int(self.properties[cv2.CAP_PROP_FRAME_HEIGHT])
        return True, np.full((height, width, 3), 99, np.uint8)

    def release(self) -> None:
        self.open_devices.remove(self)


@pytest.fixture
def camera_device(monkeypatch) -> type[CameraDevice]:
    monkeypatch.setattr(cv2, "VideoCapture", CameraDevice)
    monkeypatch.setattr(CameraDevice, "open_devices", [])
    return CameraDevice


def test_a_webcam_is_open_only_between_start_and_stop(camera_device):
    webcam = Webcam(3, capture_size=(320, 240), size=(160, 120))
    assert camera_device.open_devices == []
    for _ in range(2):
        webcam.start()
        assert [device.number for device in camera_device.open_devices] == [3]
        frame = webcam.next_frame()
        assert decoded(frame.jpeg).shape == (120, 160, 3)
        webcam.stop()
        assert webcam.next_frame() is None
        assert camera_device.open_devices == []


def test_a_webcam_faster_than_asked_is_thinned_out(camera_device):
    clock = ManualClock()
    webcam = Webcam(fps=10, capture_size=(32, 32), clock=clock)
    webcam.start()
    camera = camera_device.open_devices[0]
    plain_grab = camera.grab

    def grab_at_thirty() -> bool:
        clock.now += 1 / 30
        return plain_grab()

    camera.grab = grab_at_thirty
    begin = clock.now
    for _ in range(30):
        webcam.next_frame()
    assert 30 / (clock.now - begin) == pytest.approx(10, rel=0.1)


def test_an_unplugged_webcam_is_reported(camera_device):
    webcam = Webcam()
    webcam.start()
    camera_device.open_devices[0].pictures_left = 0
    with pytest.raises(SourceError, match="unplugged"):
        webcam.next_frame()
    assert camera_device.open_devices == []


def test_a_missing_camera_is_reported_with_the_cure():
    with pytest.raises(SourceError, match=r"camera 77 cannot be opened.*--source"):
        open_source("webcam:77").start()


def test_a_missing_library_is_reported_with_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SourceError, match=r"pip install 'iot-facerecognition\[desktop\]'"):
        open_source("webcam")


def test_an_opencv_without_its_system_libraries_is_reported_with_the_packages(
    monkeypatch, tmp_path
):
    """What a minimal Debian makes of opencv-python's wheel."""
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libxcb.so.1: cannot open shared object file')"
    )
    monkeypatch.delitem(sys.modules, "cv2")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceError, match=r"libxcb\.so\.1.*apt-get install .*libxcb1") as caught:
        open_source("webcam")
    assert "pip" not in str(caught.value)
