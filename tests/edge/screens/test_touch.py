"""From the kernel's input events to touches on the canvas."""

import os

import pytest

from iot_facerecognition_edge.screens.calibration import Calibration
from iot_facerecognition_edge.screens.interface import Pointer, ScreenError, TouchPhase
from iot_facerecognition_edge.screens.rotation import Rotation
from iot_facerecognition_edge.screens.touch import (
    ABS_X,
    EV_ABS,
    EV_SYN,
    SYN_DROPPED,
    TouchPanel,
    TouchTracker,
    find_touch,
)
from tests.edge.touch_device import FakeDevice, FakeEvdev, FakeEvent, report


def panel(calibration="", x_range=(0, 1000), y_range=(0, 1000)):
    device = FakeDevice()
    tracker = TouchTracker(x_range, y_range, Calibration.parse(calibration))
    return device, TouchPanel(device, tracker)


def test_a_tap_and_a_drag():
    device, touch = panel()
    device.waiting = [
        *report(500, 250, touch=True),
        *report(x=600),
        *report(),
        *report(touch=False),
    ]
    assert list(touch.pointers((480, 320), Rotation.NONE)) == [
        Pointer(TouchPhase.DOWN, 240, 80),
        Pointer(TouchPhase.MOVE, 288, 80),
        Pointer(TouchPhase.UP, 288, 80),
    ]
    assert list(touch.pointers((480, 320), Rotation.NONE)) == []


def test_what_a_panel_says_while_the_finger_leaves_does_not_move_the_touch():
    device, touch = panel()
    device.waiting = [*report(500, 500, touch=True), *report(0, 0, touch=False)]
    last = list(touch.pointers((100, 100), Rotation.NONE))[-1]
    assert last == Pointer(TouchPhase.UP, 50, 50)


def test_the_far_edge_is_the_last_pixel():
    device, touch = panel(x_range=(200, 3900), y_range=(150, 4000))
    device.waiting = report(3900, 4000, touch=True)
    assert list(touch.pointers((480, 320), Rotation.NONE)) == [Pointer(TouchPhase.DOWN, 479, 319)]


def test_events_between_an_overrun_and_the_next_report_are_ignored():
    device, touch = panel()
    device.waiting = [
        FakeEvent(EV_ABS, ABS_X, 100),
        FakeEvent(EV_SYN, SYN_DROPPED, 0),
        *report(900, 900, touch=True),
        *report(200, 200, touch=True),
    ]
    assert list(touch.pointers((100, 100), Rotation.NONE)) == [Pointer(TouchPhase.DOWN, 20, 20)]


@pytest.mark.parametrize(
    ("calibration", "place"),
    [
        ("", (25, 50)),
        ("0 1 0 1 0 0", (50, 25)),
        ("-1,0,1,0,1,0", (75, 50)),
        ("1 0 .1 0 1 0", (35, 50)),
    ],
)
def test_calibration_maps_before_rotation(calibration, place):
    device, touch = panel(calibration)
    device.waiting = report(250, 500, touch=True)
    (pointer,) = touch.pointers((100, 100), Rotation.NONE)
    assert (pointer.x, pointer.y) == place


def test_a_touch_beside_the_picture_stays_on_it():
    device, touch = panel("1 0 0.5 0 1 -0.5")
    device.waiting = report(900, 100, touch=True)
    assert list(touch.pointers((100, 100), Rotation.NONE)) == [Pointer(TouchPhase.DOWN, 99, 0)]


@pytest.mark.parametrize("text", ["1 2 3", "a b c d e f", "nan 0 0 0 1 0", "1 0 0 2 0 0"])
def test_a_useless_calibration_is_refused(text):
    with pytest.raises(ScreenError, match="touch calibration"):
        Calibration.parse(text)


def test_a_machine_without_input_devices_has_no_touch(tmp_path):
    assert find_touch(Calibration(), tmp_path) is None


def test_devices_that_cannot_be_read_are_named_with_the_cure(tmp_path):
    pytest.importorskip("evdev")
    (tmp_path / "event0").symlink_to(os.devnull)
    with pytest.raises(ScreenError, match="group 'input'"):
        find_touch(Calibration(), tmp_path)


def test_a_touch_panel_goes_before_a_tablet_and_the_others_are_closed(tmp_path, monkeypatch):
    evdev = pytest.importorskip("evdev")
    monkeypatch.setattr(evdev, "InputDevice", FakeEvdev)
    monkeypatch.setattr(FakeEvdev, "opened", [])
    for name in FakeEvdev.KINDS:
        (tmp_path / name).touch()
    touch = find_touch(Calibration(), tmp_path)
    assert touch.descriptor == 52
    assert {device.name for device in FakeEvdev.opened if not device.closed} == {"event2"}
    assert list(touch.pointers((480, 320), Rotation.NONE)) == [Pointer(TouchPhase.DOWN, 479, 0)]
    touch.close()
    assert all(device.closed for device in FakeEvdev.opened)


def test_a_keyboard_alone_is_no_touch_panel(tmp_path, monkeypatch):
    evdev = pytest.importorskip("evdev")
    monkeypatch.setattr(evdev, "InputDevice", FakeEvdev)
    (tmp_path / "event0").touch()
    assert find_touch(Calibration(), tmp_path) is None
