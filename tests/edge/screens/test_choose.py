"""Which screen is chosen."""

import pytest

from iot_facerecognition_edge.screens import ScreenError, open_screen
from iot_facerecognition_edge.screens.choose import automatic_kind
from iot_facerecognition_edge.settings import Settings


def opened(spec):
    return open_screen(spec, Settings(), plane=lambda: None, warned=print)


def test_a_desktop_gets_a_window(tmp_path):
    assert automatic_kind({"DISPLAY": ":0"}, tmp_path) == "window"
    assert automatic_kind({"WAYLAND_DISPLAY": "wayland-0"}, tmp_path) == "window"


def test_a_panel_without_a_display_controller_is_a_framebuffer(tmp_path):
    (tmp_path / "fb0").touch()
    assert automatic_kind({}, tmp_path) == "framebuffer"


def test_a_display_controller_gives_planes(tmp_path):
    (tmp_path / "fb0").touch()
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "card0").touch()
    assert automatic_kind({}, tmp_path) == "drm"


def test_nothing_at_all_is_said_with_the_cure(tmp_path):
    with pytest.raises(ScreenError, match="--headless"):
        automatic_kind({"DISPLAY": ""}, tmp_path)


@pytest.mark.parametrize("spec", ["", "fb0", "window:x", "framebuffer:fb1", "window:/dev/fb0"])
def test_an_unknown_name_is_answered_with_the_known_ones(spec):
    with pytest.raises(ScreenError, match="use auto, framebuffer"):
        opened(spec)


def test_a_window_of_no_use_is_refused():
    with pytest.raises(ScreenError, match="240 to 4096"):
        opened("window:10x10")
