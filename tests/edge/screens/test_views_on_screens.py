"""The whole application on a framebuffer, and on one with a camera plane."""

import pygame
import pytest

from iot_facerecognition_edge.events import FacesSeen
from iot_facerecognition_edge.screens.drm import DrmScreen
from iot_facerecognition_edge.screens.fbinfo import FramebufferInfo
from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen
from iot_facerecognition_edge.screens.rotation import Rotation
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import Face
from tests.edge.plane import FakePlane

FORMATS = {
    "RGB565": (16, (0xF800, 0x07E0, 0x001F), 0),
    "XRGB8888": (32, (0xFF0000, 0x00FF00, 0x0000FF), 0),
    "ARGB8888": (32, (0xFF0000, 0x00FF00, 0x0000FF), 0xFF000000),
}


def framebuffer(tmp_path, form, rotation=Rotation.NONE, padding=0):
    bits, masks, opaque = FORMATS[form]
    stride = 480 * bits // 8 + padding
    info = FramebufferInfo(480, 320, bits, masks, stride, stride * 320, 0, opaque, "fake")
    (tmp_path / "fb0").write_bytes(bytes(info.length))
    return FramebufferScreen(tmp_path / "fb0", rotation, info_of=lambda _: info), info


def panel(tmp_path, info):
    """Return what the display controller shows."""
    rows = (tmp_path / "fb0").read_bytes()
    width = info.width * info.bits // 8
    picture = pygame.Surface((info.width, info.height), 0, info.bits, (*info.masks, 0))
    with memoryview(picture.get_buffer()) as pixels:
        for y in range(info.height):
            start = y * picture.get_pitch()
            pixels[start : start + width] = rows[y * info.stride : y * info.stride + width]
    return picture


def same(first, second):
    return pygame.image.tostring(first, "RGB") == pygame.image.tostring(second, "RGB")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("rotation", [Rotation.NONE, Rotation.LEFT])
@pytest.mark.parametrize("padding", [0, 32])
def test_the_panel_always_shows_what_was_drawn(tmp_path, appliance, form, rotation, padding):
    screen, info = framebuffer(tmp_path, form, rotation, padding)
    app = App(appliance, screen)
    appliance.log.error("no route to the server")

    def check():
        app.step([], appliance.now)
        assert same(panel(tmp_path, info), pygame.transform.rotate(screen.canvas, -rotation))

    check()
    for page in (Page.LOGS, Page.SETTINGS, Page.CAMERA):
        app.open(page)
        check()
    appliance.run_camera()
    appliance.take_picture(120)
    check()
    for x in (100, 130, 300):
        face = Face("Ada", x, 100, 200, 200)
        appliance.publish(FacesSeen((face,), 1, (640, 480), appliance.now))
        check()
    app.close()
    screen.close()


@pytest.fixture
def on_plane(tmp_path, appliance):
    appliance.hardware_plane = FakePlane()
    below, info = framebuffer(tmp_path, "RGB565")
    screen = DrmScreen(below, appliance.plane)
    app = App(appliance, screen)
    app.step([], appliance.now)
    app.open(Page.CAMERA)
    app.step([], appliance.now)
    appliance.run_camera(plane=True)
    app.step([], appliance.now)
    return app, appliance.hardware_plane, info


def test_the_camera_shines_through_where_nothing_is_drawn(on_plane, appliance):
    app, plane, _ = on_plane
    assert plane.area == (27, 0, 426, 320)
    assert plane.at(240, 160)[3] == 0
    face = Face("Ada", 160, 120, 320, 240)
    appliance.publish(FacesSeen((face,), 1, (640, 480), appliance.now))
    app.step([], appliance.now)
    assert plane.at(200, 81) == (0x8B, 0, 0, 255)
    assert plane.at(200, 100)[3] == 0
    assert plane.at(*app.view.back_button.rect.center)[3] == 255
    appliance.now += 10
    app.step([], appliance.now)
    assert plane.at(200, 81)[3] == 0


def test_the_overlay_is_not_renewed_while_nothing_changes(on_plane, appliance):
    app, plane, _ = on_plane
    appliance.now += 0.6
    app.step([], appliance.now)
    updates = plane.updates
    for _ in range(10):
        appliance.take_picture(100)
        app.step([], appliance.now)
    assert plane.updates <= updates + 1


def test_leaving_the_page_gives_the_screen_back(on_plane, appliance, tmp_path):
    app, plane, info = on_plane
    app.back()
    app.step([], appliance.now)
    assert plane.area is None
    tile = app.view.tiles["Camera"].rect
    shown = panel(tmp_path, info).get_at((tile.x + 20, tile.centery))
    assert abs(shown.r - 0x8B) < 9
    assert shown.g == shown.b == 0
