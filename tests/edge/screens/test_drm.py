"""The framebuffer with a camera plane above it."""

import pygame
import pytest

from iot_facerecognition_edge.screens.drm import DrmScreen
from iot_facerecognition_edge.screens.fbinfo import FramebufferInfo
from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen
from iot_facerecognition_edge.screens.rotation import Rotation
from tests.edge.plane import FakePlane


@pytest.fixture
def make(tmp_path):
    def build(plane, rotation=Rotation.NONE):
        info = FramebufferInfo(40, 30, 16, (0xF800, 0x07E0, 0x001F), 80, 2400)
        (tmp_path / "fb0").write_bytes(bytes(2400))
        framebuffer = FramebufferScreen(tmp_path / "fb0", rotation, info_of=lambda _: info)
        return DrmScreen(framebuffer, lambda: plane), tmp_path / "fb0"

    return build


def test_menus_go_to_the_framebuffer(make):
    screen, path = make(FakePlane())
    screen.canvas.fill((255, 0, 0), (0, 0, 2, 1))
    screen.present([pygame.Rect(0, 0, 2, 1)])
    assert path.read_bytes()[:6] == b"\x00\xf8\x00\xf8\x00\x00"


def test_the_overlay_is_transparent_where_the_camera_shows_through(make):
    plane = FakePlane()
    screen, _ = make(plane)
    area = pygame.Rect(4, 2, 8, 6)
    assert screen.open_plane(area)
    screen.canvas.fill((0, 0, 0, 0), area)
    screen.canvas.fill((0, 255, 0), (5, 3, 1, 1))
    screen.present([area])
    assert plane.area == tuple(area)
    assert plane.pixels[:4] == bytes(4)
    place = (1 * 8 + 1) * 4
    assert plane.pixels[place : place + 4] == b"\x00\xff\x00\xff"


def test_the_overlay_is_only_renewed_when_something_changed_in_it(make):
    plane = FakePlane()
    screen, _ = make(plane)
    screen.open_plane(pygame.Rect(4, 2, 8, 6))
    screen.present([])
    screen.present([pygame.Rect(20, 20, 5, 5)])
    assert plane.updates == 0
    screen.present([pygame.Rect(0, 0, 10, 10)])
    assert plane.updates == 1


def test_leaving_the_camera_view_takes_plane_and_overlay_away(make):
    plane = FakePlane()
    screen, _ = make(plane)
    screen.open_plane(pygame.Rect(4, 2, 8, 6))
    screen.present([pygame.Rect(4, 2, 8, 6)])
    screen.close_plane()
    screen.close_plane()
    assert plane.area is None
    assert plane.pixels is None


def test_without_a_plane_or_on_a_turned_panel_the_views_draw_the_picture(make):
    screen, _ = make(None)
    assert not screen.open_plane(pygame.Rect(0, 0, 8, 6))
    screen, _ = make(FakePlane(), Rotation.LEFT)
    assert not screen.open_plane(pygame.Rect(0, 0, 8, 6))
