"""The PIN before the settings: asked for, entered wrongly, changed, forgotten after a while."""

import json

import pytest

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.screens.interface import Key, KeyPressed, TypedText
from iot_facerecognition_edge.settings import Settings, SettingsFile, entered
from iot_facerecognition_edge.settings.pin import hashed
from iot_facerecognition_edge.views.certificate import CertificatePopup
from iot_facerecognition_edge.views.connect import ConnectPopup
from iot_facerecognition_edge.views.pin_entry import PinEntry
from iot_facerecognition_edge.views.view import Page

PIN = "271828"


@pytest.fixture
def locked(finger):
    finger.appliance.settings.set("device.pin", PIN)
    finger.wait()
    return finger


def enter(finger, text):
    finger.type(text)
    finger.tap(finger.top._done)


def test_settings_open_with_the_right_pin_only(locked):
    locked.tap(locked.view.tiles["Settings"])
    assert isinstance(locked.top, PinEntry)
    assert locked.app.page is Page.MAIN
    enter(locked, "123456")
    assert locked.app.page is Page.MAIN
    assert "not the PIN" in locked.top._note.text
    assert locked.top.text == ""
    locked.wait(1.1)
    enter(locked, PIN)
    assert locked.app.page is Page.SETTINGS
    assert locked.top is locked.view


def test_wrong_tries_are_slowed_and_the_right_pin_has_to_wait_too(locked):
    locked.tap(locked.view.tiles["Settings"])
    for seconds in (1, 2, 4, 8):
        enter(locked, "0000")
        assert f"in {seconds} s" in locked.top._note.text
        locked.screen.push(TypedText(PIN), KeyPressed(Key.ENTER))
        locked.wait()
        assert locked.app.page is Page.MAIN, "it is not looked at before the pause is over"
        locked.wait(seconds)
    enter(locked, PIN)
    assert locked.app.page is Page.SETTINGS


def test_the_pin_is_never_drawn(locked):
    locked.tap(locked.view.tiles["Settings"])
    locked.type("27")
    assert locked.top.text == "27"
    assert locked.top._line._text == "••"


def test_its_keys_are_digits_only(locked):
    locked.tap(locked.view.tiles["Settings"])
    texts = {cap.text for cap in locked.keyboard.caps if cap.action is None}
    assert texts == set("0123456789")


def test_the_connection_is_locked_as_well(locked):
    locked.tap(locked.view.status)
    assert isinstance(locked.top, PinEntry)
    enter(locked, PIN)
    assert isinstance(locked.top, ConnectPopup)


@pytest.mark.parametrize("button", ["settings_button", "adjust_button"])
def test_the_camera_view_leads_to_no_setting_without_the_pin(locked, button):
    locked.app.open(Page.CAMERA)
    locked.appliance.run_camera()
    locked.wait()
    locked.tap(getattr(locked.view, button))
    assert isinstance(locked.top, PinEntry)


def test_without_a_pin_nobody_is_asked(finger):
    finger.tap(finger.view.tiles["Settings"])
    assert finger.app.page is Page.SETTINGS


def test_settings_that_nobody_touches_any_more_are_closed_and_locked(locked):
    locked.tap(locked.view.tiles["Settings"])
    enter(locked, PIN)
    locked.wait(60.0)
    assert locked.app.page is Page.SETTINGS
    locked.wait(61.0)
    assert locked.app.page is Page.MAIN
    locked.tap(locked.view.tiles["Settings"])
    assert isinstance(locked.top, PinEntry)


def open_row(finger):
    finger.tap(finger.view.tiles["Settings"])
    finger.view.show_group("device")
    finger.wait()
    row = finger.view.rows["device.pin"]
    finger.view._pane.reveal(row)
    finger.wait()
    return row


def test_a_pin_is_set_by_entering_it_twice_and_kept_as_a_hash(finger):
    row = open_row(finger)
    assert row.value.text == "not set"
    finger.tap(row.value)
    enter(finger, PIN)
    enter(finger, PIN)
    kept = finger.appliance.settings.device.pin
    assert kept.startswith("pbkdf2-sha256:")
    assert PIN not in kept
    assert row.value.text == "set"
    assert finger.app.page is Page.SETTINGS, "who set it need not enter it at once"


def test_a_pin_that_differs_the_second_time_is_not_taken(finger):
    finger.tap(open_row(finger).value)
    enter(finger, PIN)
    enter(finger, "1111")
    assert "another PIN" in finger.top._note.text
    assert finger.appliance.settings.device.pin == ""


@pytest.mark.parametrize("text", ["", "123"])
def test_what_is_no_pin_is_refused_with_what_is_one(finger, text):
    finger.tap(open_row(finger).value)
    enter(finger, text)
    assert "4 to 12 digits" in finger.top._note.text


def test_an_empty_pin_removes_the_one_before(locked):
    locked.tap(locked.view.tiles["Settings"])
    enter(locked, PIN)
    locked.view.show_group("device")
    locked.wait()
    row = locked.view.rows["device.pin"]
    locked.view._pane.reveal(row)
    locked.wait()
    locked.tap(row.value)
    enter(locked, "")
    assert locked.appliance.settings.device.pin == ""


def test_reset_does_not_remove_the_pin_of_the_real_appliance(tmp_path):
    """An owner who forgot it deletes the key from the file, or resets it by the command line."""
    file = SettingsFile(tmp_path / "settings.json")
    settings = Settings(entered("device.pin", PIN))
    file.save(settings.stored())
    content = (tmp_path / "settings.json").read_text()
    assert PIN not in content
    document = json.loads(content)
    del document["settings"]["device.pin"]
    (tmp_path / "settings.json").write_text(json.dumps(document))
    assert Settings(file.load().values).device.pin == ""


def test_two_devices_with_one_pin_have_different_hashes():
    assert hashed(PIN) != hashed(PIN)


def test_another_certificate_is_trusted_only_with_the_pin(locked):
    shown = "ab" * 32
    locked.appliance.become(
        Status(State.REFUSED, "another certificate", server="pi:50000", presented=shown)
    )
    locked.wait()
    assert isinstance(locked.top, CertificatePopup)
    locked.tap(locked.top.yes)
    assert isinstance(locked.top, PinEntry)
    assert not [done for done in locked.appliance.done if done[0] == "connect"]
