"""The catalogue of settings: keys, defaults, and what each one takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import (
    CATALOGUE,
    Group,
    SettingKind,
    Settings,
    in_group,
    setting,
)

ORIGINAL = {
    "recognition.label_count": 5,
    "recognition.objects": True,
    "recognition.faces": True,
    "recognition.deterministic": False,
    "display.accent_colour": "#8b0000",
    "display.line_width": 4,
    "display.label_size": 12,
    "display.face_duration": 3000,
    "display.object_duration": 3000,
    "display.show_fps": True,
    "display.show_traffic": True,
    "display.dark": True,
    "device.test_mode": False,
    "camera.width": 1280,
    "camera.height": 720,
    "camera.fps": 15,
    "camera.bit_rate": 4096,
    "camera.jpeg_quality": 80,
    "statistics.window": 3,
    "statistics.antialiasing": True,
    "statistics.animations": False,
}


def test_keys_are_unique_and_every_setting_has_a_group_a_label_and_a_help() -> None:
    assert len({entry.key for entry in CATALOGUE}) == len(CATALOGUE)
    for entry in CATALOGUE:
        assert entry.label
        assert entry.help
        assert (entry in in_group(entry.group)) == entry.on_screen
    assert all(in_group(group) for group in Group)


def test_who_touches_the_screen_cannot_make_the_device_run_a_command() -> None:
    hidden = {entry.key for entry in CATALOGUE if not entry.on_screen}
    commands = {"hooks.on_known", "hooks.on_unknown", "hooks.on_nobody"}
    # Nobody types the path of a file on a small screen.
    assert hidden == commands | {"connection.certificate_file", "connection.key_file"}


def test_defaults_are_the_originals() -> None:
    settings = Settings()
    assert {key: settings.value(key) for key in ORIGINAL} == ORIGINAL


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.key)
def test_defaults_are_allowed_and_survive_being_spelled(entry) -> None:
    if entry.kind in {SettingKind.NUMBER, SettingKind.DECIMAL}:
        assert entry.minimum <= entry.default <= entry.maximum
        assert entry.step
    assert entry.check(entry.default) == entry.default
    assert entry.parse(entry.spell(entry.default)) == entry.default


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("recognition.faces", "off", False),
        ("recognition.faces", "TRUE", True),
        ("recognition.label_count", " 7 ", 7),
        ("camera.exposure_compensation", "-1.5", -1.5),
        ("display.accent_colour", "#00FF7f", "#00ff7f"),
        ("connection.address", "[fe80::1]", "fe80::1"),
        ("connection.address", "fe80::1%wlan0", "fe80::1%wlan0"),
        ("connection.address", "wss://server.local", "server.local"),
        ("connection.token", "\ufeffiotfr_abc\r\n", "iotfr_abc"),
        ("connection.fingerprint", "SHA256:" + "AB:" * 31 + "AB", "ab" * 32),
        ("connection.fingerprint", "sha256 Fingerprint=" + "AB:" * 31 + "AB", "ab" * 32),
        ("camera.source", "moving:/photos", "moving:/photos"),
        ("display.touch_calibration", "1,0,0,0,1,0", "1,0,0,0,1,0"),
    ],
)
def test_text_becomes_a_value(key: str, text: str, value: object) -> None:
    assert setting(key).parse(text) == value


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("recognition.faces", "maybe", "on or off"),
        ("recognition.label_count", "11", "from 1 to 10"),
        ("recognition.label_count", "many", "whole number"),
        ("recognition.label_count", "9" * 5000, "whole number"),
        ("camera.exposure_compensation", "nan", "from -8 to 8"),
        ("display.accent_colour", "darkred", "#8b0000"),
        ("connection.address", "two words", "host name"),
        ("connection.address", "", "host name"),
        ("connection.address", "a:b:c", "host name"),
        ("connection.address", "server:4433", "goes into connection.port"),
        ("connection.address", "[::1]:4433", "goes into connection.port"),
        ("connection.fingerprint", "12:34", "cert show"),
        ("connection.name", "a\nb", "one line"),
        ("camera.source", "webcam", "picamera2"),
        ("camera.source", "moving", "folder of photos"),
        ("camera.source", "picamera2:1", "picamera2"),
        ("camera.rotation", "45", "one of 0, 90, 180, 270"),
        ("display.touch_calibration", "1,2,inf,0,0,0", "six numbers"),
        ("display.touch_calibration", "1,1,0,1,1,0", "one line"),
        ("hooks.on_known", "ring 'loud", "command line"),
        ("display.screen", "hdmi", "framebuffer"),
    ],
)
def test_what_is_not_allowed_is_refused_with_key_and_cure(key: str, text: str, says: str) -> None:
    with pytest.raises(SettingError) as refused:
        setting(key).parse(text)
    assert key in str(refused.value)
    assert says in str(refused.value)


@given(st.sampled_from(CATALOGUE), st.text() | st.integers().map(str) | st.floats().map(str))
def test_whatever_is_typed_becomes_an_allowed_value_or_a_setting_error(entry, text: str) -> None:
    try:
        value = entry.parse(text)
    except SettingError:
        return
    assert entry.check(value) == value


def test_a_secret_is_not_shown() -> None:
    token = setting("connection.token")
    assert token.format("hunter2") == "set"
    with pytest.raises(SettingError) as refused:
        token.check("hunter2\n" * 2)
    assert "hunter2" not in str(refused.value)
