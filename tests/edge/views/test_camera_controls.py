"""The camera's settings over its picture, which goes on; and the list of its resolutions."""

import pytest

from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.events import CameraChanged
from iot_facerecognition_edge.screens.interface import Key, KeyPressed
from iot_facerecognition_edge.ui.popup import Choose
from iot_facerecognition_edge.views.camera_controls import CameraControls
from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import CameraState

SIZES = [(320, 240), (480, 320), (320, 480), (800, 480)]


def open_controls(finger, controls):
    finger.app.open(Page.CAMERA)
    finger.wait()
    finger.appliance.run_camera()
    finger.appliance.camera_controls = frozenset(controls)
    finger.appliance.take_picture(100)
    finger.wait()
    finger.tap(finger.view.adjust_button)
    assert isinstance(finger.top, CameraControls)
    return finger.top


def test_only_what_the_camera_obeys_while_it_runs_is_offered(finger):
    popup = open_controls(finger, {"width", "fps", "brightness", "white_balance", "rotation"})
    assert [setting.name for setting in popup.settings] == ["brightness", "white_balance"]


def test_a_change_holds_while_the_finger_still_slides_and_the_picture_goes_on(finger):
    popup = open_controls(finger, {"brightness"})
    track = popup.slider.children[1].rect
    finger.down(track.center)
    finger.move((track.centerx + 40, track.centery))
    sliding = finger.appliance.settings.camera.brightness
    assert sliding > 0
    finger.appliance.take_picture(200)
    finger.wait()
    assert finger.colour(240, 100) == (200, 200, 200)
    finger.up((track.centerx + 40, track.centery))
    assert finger.appliance.settings.camera.brightness == sliding
    assert popup.title.text == f"Brightness: {sliding} %"
    assert ("close camera",) not in finger.appliance.done


def test_a_choice_is_one_tap_away(finger):
    popup = open_controls(finger, {"brightness", "white_balance"})
    finger.tap(popup.next)
    assert popup.title.text == "White balance: auto"
    finger.tap(popup.chips["incandescent"])
    assert finger.appliance.settings.camera.white_balance == "incandescent"
    assert popup.chips["incandescent"].selected
    assert not popup.chips["auto"].selected


def test_the_arrows_go_around(finger):
    popup = open_controls(finger, {"brightness", "contrast", "iso"})
    seen = []
    for _ in range(4):
        seen.append(popup.setting.name)
        finger.tap(popup.next)
    assert seen == ["brightness", "contrast", "iso", "brightness"]
    finger.tap(popup.before)
    assert popup.setting.name == "brightness"


def test_a_change_from_elsewhere_is_seen(finger):
    popup = open_controls(finger, {"brightness"})
    finger.appliance.settings.set("camera.brightness", 35)
    finger.wait()
    assert popup.title.text == "Brightness: 35 %"


def test_a_camera_without_controls_is_reported(finger):
    popup = open_controls(finger, {"width", "height", "fps"})
    assert popup.nothing.visible
    assert popup.setting is None
    assert popup.rect.contains(popup.nothing.rect)
    finger.tap(popup.cross)
    assert finger.top is finger.view


@pytest.mark.parametrize("size", SIZES)
def test_what_a_camera_cannot_do_is_reported_whole(finger_on, size):
    finger = finger_on(size)
    popup = open_controls(finger, {"width"})
    nothing = popup.nothing
    assert nothing.rect.height == nothing.height(nothing.rect.width)
    assert popup.rect.contains(nothing.rect)
    assert not nothing.rect.colliderect(popup.cross.rect)


@pytest.mark.parametrize("size", SIZES)
def test_most_of_the_picture_stays_to_be_seen_and_nothing_overlaps(finger_on, size):
    finger = finger_on(size)
    popup = open_controls(finger, {"brightness", "white_balance"})
    assert popup.rect.height <= size[1] * 0.42
    for _ in range(2):
        parts = [popup.before, popup.title, popup.next, popup.cross, popup._control]
        rects = [part.rect for part in parts]
        for number, rect in enumerate(rects):
            assert popup.rect.contains(rect)
            assert rect.collidelist(rects[number + 1 :]) == -1
        finger.tap(popup.next)
    view = finger.view
    for plate in (view.traffic, view.fps):
        assert not plate.visible or not plate.rect.colliderect(popup.rect)


def test_a_tap_on_the_picture_or_escape_closes_them(finger):
    open_controls(finger, {"brightness"})
    finger.tap((240, 100))
    assert finger.top is finger.view
    finger.tap(finger.view.adjust_button)
    finger.screen.push(KeyPressed(Key.ESCAPE))
    finger.wait()
    assert finger.top is finger.view


def open_camera_group(finger):
    finger.app.open(Page.SETTINGS)
    finger.view.show_group("camera")
    finger.wait()
    return finger.view.resolution


def test_a_resolution_is_picked_from_those_that_the_camera_offers(finger):
    row = open_camera_group(finger)
    assert row.value.text == "1280 x 720"
    finger.tap(row.value)
    assert isinstance(finger.top, Choose)
    words = [option.text for option in finger.top._pane.children]
    assert words == ["640 x 480", "1280 x 720", "1920 x 1080"]
    finger.tap(finger.top._pane.children[0])
    assert finger.appliance.settings.camera.width == 640
    assert finger.appliance.settings.camera.height == 480
    assert row.value.text == "640 x 480"
    assert finger.view.rows["camera.width"].value.text == "640 px"


def test_a_width_that_is_written_is_seen_in_the_resolution(finger):
    row = open_camera_group(finger)
    finger.appliance.settings.set("camera.width", 1024)
    finger.wait()
    assert row.value.text == "1024 x 720"


def test_the_other_groups_have_no_resolution(finger):
    open_camera_group(finger)
    finger.view.show_group("display")
    finger.wait()
    assert finger.view.resolution is None


def test_the_list_follows_the_camera(finger):
    row = open_camera_group(finger)
    finger.appliance.camera_sizes = ((320, 240),)
    finger.appliance.publish(CameraChanged(CameraStatus(CameraState.OFF, "off")))
    finger.wait()
    finger.tap(row.value)
    assert [option.text for option in finger.top._pane.children] == ["320 x 240"]
