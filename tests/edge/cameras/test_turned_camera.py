"""A camera that is mounted sideways: what is sent, what is shown, and where faces are."""

import threading

import numpy as np
import pytest

from iot_facerecognition_client.jpeg import read_jpeg_header, tagged
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras.interface import (
    Picture,
    PixelFormat,
    PreviewImage,
)
from iot_facerecognition_edge.cameras.selection import open_camera
from iot_facerecognition_edge.cameras.turned_camera import TurnedCamera
from iot_facerecognition_edge.settings import Settings
from tests.edge.cameras.small_camera import SmallCamera

TURNS = pytest.mark.parametrize("turn", [0, 90, 180, 270])


def settings(turn: int = 0, **others: object) -> Settings:
    made = Settings()
    made.set("camera.rotation", str(turn))
    for name, value in others.items():
        made.set(f"camera.{name}", value)
    return made


def running(sensor: SmallCamera, turn: int) -> TurnedCamera:
    camera = TurnedCamera(sensor, settings(turn))
    camera.start((48, 32), lambda: None, lambda reason: None)
    return camera


@pytest.mark.parametrize("kind", list(PixelFormat))
@TURNS
def test_the_preview_is_upright(turn, kind):
    sensor = SmallCamera(kind=kind)
    camera = running(sensor, turn)
    image = camera.preview()
    expected = np.rot90(np.arange(8).reshape(2, 4), -turn // 90)
    size = 1 if kind is PixelFormat.GREY else 4
    values = np.frombuffer(image.pixels, np.uint8).reshape(image.height, image.width, size)
    assert np.array_equal(values, np.repeat(expected[:, :, np.newaxis], size, axis=2))
    assert (image.format, image.time) == (kind, 1.5)
    assert camera.preview() is image, "turned again though it is the same"


@pytest.mark.parametrize("turn", [90, 270])
def test_what_a_quarter_turn_changes(turn):
    sensor = SmallCamera("width", "rotation")
    camera = running(sensor, turn)
    assert sensor.started == [(32, 48)]
    assert camera.capabilities.size == (2, 4)
    assert camera.capabilities.turn == turn
    assert not camera.capabilities.plane
    assert camera.plane is None
    picture = camera.newest()
    assert (picture.time, picture.number) == (1.5, 7)
    assert picture.jpeg == tagged(b"\xff\xd8rest", turn)
    assert camera.newest() is None


def test_a_scene_of_its_own_is_turned_with_its_picture():
    sensor = SmallCamera()
    sensor.pictures = [Picture(b"\xff\xd8rest", 1.5, 7, Scene(3, (4, 2)))]
    sensor.image = PreviewImage(4, 2, PixelFormat.GREY, bytes(8), 1.5, Scene(3, (4, 2)))
    camera = running(sensor, 270)
    assert camera.newest().scene == camera.preview().scene == Scene(3, (2, 4), 270)


def test_half_a_turn_is_left_to_a_camera_that_can_do_it():
    able, unable = running(SmallCamera("rotation"), 180), running(SmallCamera(), 180)
    assert (able.capabilities.turn, unable.capabilities.turn) == (0, 180)
    assert able.newest().jpeg == b"\xff\xd8rest"
    assert unable.newest().jpeg == tagged(b"\xff\xd8rest", 180)
    assert able.plane is not None
    assert unable.plane is None


def test_without_a_turn_everything_is_the_cameras_own():
    sensor = SmallCamera()
    camera = running(sensor, 0)
    assert camera.capabilities.plane
    assert camera.plane is sensor.plane
    assert camera.preview() is sensor.image
    assert camera.newest().jpeg == b"\xff\xd8rest"


@TURNS
def test_every_camera_obeys_the_rotation(turn):
    camera = running(SmallCamera(), turn)
    assert "rotation" in camera.capabilities.controls
    assert camera.apply(settings(turn)) == ("camera.iso does nothing",)


def test_photos_as_a_camera_are_turned_too(photos, tmp_path):
    pytest.importorskip("PIL", reason="moving photos are read by Pillow")
    (tmp_path / "one.jpg").write_bytes((photos / "obama.jpg").read_bytes())
    camera = open_camera(settings(90, source=f"moving:{tmp_path}", width=320, height=240), tmp_path)
    arrived = threading.Event()
    camera.start((160, 160), arrived.set, lambda reason: None)
    try:
        assert arrived.wait(30)
        picture = camera.newest()
        header = read_jpeg_header(picture.jpeg)
        assert (header.width, header.height, header.orientation) == (320, 240, 6)
        assert camera.capabilities.size == (240, 320)
        while (image := camera.preview()) is None:
            arrived.clear()
            assert arrived.wait(30)
        assert image.height > image.width
    finally:
        camera.stop()
