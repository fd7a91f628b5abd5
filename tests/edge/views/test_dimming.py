"""A screen that nobody touches goes dark, and what the touch does that wakes it."""

import pytest

from iot_facerecognition_edge.screens.backlight import Backlight
from iot_facerecognition_edge.screens.interface import Pointer, TouchPhase
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_edge.views.pin_entry import PinEntry
from iot_facerecognition_edge.views.view import Page

BLACK = (0, 0, 0)


@pytest.fixture
def dimming(finger):
    """A finger on a screen that goes dark after a minute."""
    finger.appliance.settings.set("display.dim_after", 60)
    finger.wait()
    return finger


def is_dark(finger):
    return {finger.colour(x, y) for x in range(0, 480, 20) for y in range(0, 320, 20)} == {BLACK}


def test_it_goes_dark_after_the_time_of_the_setting(dimming):
    dimming.wait(59.0)
    assert not is_dark(dimming)
    dimming.wait(1.5)
    assert is_dark(dimming)


def test_a_touch_begins_the_time_again(dimming):
    dimming.wait(50.0)
    dimming.tap((470, 2))
    dimming.wait(50.0)
    assert not is_dark(dimming)


def test_the_touch_that_wakes_it_does_nothing_else(dimming):
    tile = dimming.view.tiles["Logs"].rect.center
    dimming.wait(61.0)
    dimming.down(tile)
    assert not is_dark(dimming)
    dimming.move((tile[0] + 1, tile[1]))
    dimming.up(tile)
    assert dimming.app.page is Page.MAIN
    dimming.tap(tile)
    assert dimming.app.page is Page.LOGS


def test_zero_means_never(dimming):
    dimming.appliance.settings.set("display.dim_after", 0)
    dimming.wait(100_000.0)
    assert not is_dark(dimming)


def test_a_screen_that_cannot_be_touched_stays_light(dimming):
    dimming.screen.touchable = False
    dimming.wait(61.0)
    assert not is_dark(dimming)


def test_a_dark_screen_draws_no_pictures(dimming):
    dimming.app.open(Page.CAMERA)
    dimming.appliance.run_camera()
    dimming.wait(61.0)
    dimming.appliance.take_picture(100)
    dimming.wait(0.1)
    dimming.drawn()
    dimming.appliance.take_picture(200)
    dimming.wait(0.1)
    assert dimming.drawn() == []
    dimming.tap((240, 160))
    dimming.wait(0.1)
    assert dimming.colour(240, 160) == (200, 200, 200)


def test_darkness_locks_the_settings_again(dimming):
    dimming.appliance.settings.set("device.pin", "2718")
    dimming.tap(dimming.view.tiles["Settings"])
    dimming.type("2718")
    dimming.tap(dimming.top._done)
    assert dimming.app.page is Page.SETTINGS
    dimming.wait(61.0)
    dimming.tap((240, 160))
    assert dimming.app.page is Page.MAIN
    dimming.tap(dimming.view.tiles["Settings"])
    assert isinstance(dimming.top, PinEntry)


@pytest.fixture
def light(tmp_path):
    """A backlight of 255 steps at 200, as the kernel's files."""
    folder = tmp_path / "sys/class/backlight/10-0045"
    folder.mkdir(parents=True)
    (folder / "brightness").write_text("200\n")
    (folder / "max_brightness").write_text("255\n")
    return folder / "brightness"


@pytest.fixture
def lit(appliance, tmp_path, light):
    """The application on a screen with that backlight, dark after a minute."""
    appliance.settings.set("display.dim_after", 60)
    screen = MemoryScreen((480, 320))
    app = App(appliance, screen, Backlight.find(tmp_path))
    app.step([], appliance.now)

    def wait(seconds, *events):
        appliance.now += seconds
        app.step(list(events), appliance.now)

    wait.screen, wait.app = screen, app
    return wait


def test_a_backlight_is_turned_down_and_up_again(lit, light):
    lit(61.0)
    assert light.read_text() == "13\n"
    assert lit.screen.canvas.get_at((240, 5))[:3] != BLACK, "what is shown stays"
    lit(1.0, Pointer(TouchPhase.DOWN, 240, 160))
    assert light.read_text() == "200\n"


def test_it_is_light_when_the_program_ends(lit, light):
    lit(61.0)
    lit.app.close()
    assert light.read_text() == "200\n"


def test_a_light_that_is_darker_already_stays_as_it_is(lit, light):
    light.write_text("5\n")
    lit(61.0)
    assert light.read_text() == "5\n"
    lit(1.0, Pointer(TouchPhase.DOWN, 240, 160))
    assert light.read_text() == "5\n"


def test_a_light_with_two_states_goes_out(tmp_path, light):
    (light.parent / "max_brightness").write_text("1\n")
    light.write_text("1\n")
    backlight = Backlight.find(tmp_path)
    backlight.dim()
    assert light.read_text() == "0\n"
    backlight.restore()
    assert light.read_text() == "1\n"


def test_a_backlight_that_refuses_is_told_of_once_and_the_picture_is_black_instead(
    lit, light, appliance
):
    light.unlink()
    light.mkdir()
    for _ in range(2):
        lit(61.0)
        assert lit.screen.canvas.get_at((240, 5))[:3] == BLACK
        lit(1.0, Pointer(TouchPhase.DOWN, 240, 160), Pointer(TouchPhase.UP, 240, 160))
    (entry,) = appliance.log.entries()
    assert "brightness" in entry.text
    assert "group video" in entry.text


def test_a_machine_without_backlights_has_none(tmp_path):
    assert Backlight.find(tmp_path) is None
