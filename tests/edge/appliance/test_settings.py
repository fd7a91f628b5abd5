"""The catalogue, the values that hold and the file that keeps them."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_edge.cli import main
from iot_facerecognition_edge.errors import EdgeError, SettingError
from iot_facerecognition_edge.settings import (
    CATALOGUE,
    Group,
    Kind,
    SettingChanged,
    Settings,
    SettingsFile,
    entered,
    in_group,
    read_defaults,
    setting,
)
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.settings.session import FIELDS, value_of, wanted
from iot_facerecognition_protocol import SessionSettings

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
    assert hidden == {"hooks.on_known", "hooks.on_unknown", "hooks.on_nobody"}


def test_defaults_are_the_originals() -> None:
    settings = Settings()
    assert {key: settings.value(key) for key in ORIGINAL} == ORIGINAL


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.key)
def test_defaults_are_allowed_and_survive_being_spelled(entry) -> None:
    if entry.kind in {Kind.NUMBER, Kind.DECIMAL}:
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


def test_subscribers_learn_of_changes_and_only_of_changes() -> None:
    settings = Settings()
    changes: list[SettingChanged] = []
    leave = settings.subscribe(changes.append)
    settings.set("camera.width", 640)
    settings.set("camera.width", 640)
    with pytest.raises(SettingError):
        settings.set("camera.width", 1)
    leave()
    settings.set("camera.width", 320)
    assert changes == [SettingChanged("camera.width", 1280, 640)]


def test_an_override_holds_but_is_not_stored_until_it_is_set() -> None:
    settings = Settings({"camera.width": 640})
    settings.override("camera.width", 320)
    settings.override("camera.height", 240)
    assert settings.number("camera.width") == 320
    assert settings.stored() == {"camera.width": 640}
    settings.set("camera.height", 480)
    assert settings.stored() == {"camera.width": 640, "camera.height": 480}


def test_reset_brings_back_one_default_or_all() -> None:
    settings = Settings({"camera.width": 640, "camera.height": 480})
    settings.reset("camera.width")
    assert settings.stored() == {"camera.height": 480}
    settings.reset()
    assert settings.stored() == {}


def test_an_unknown_key_says_where_to_look() -> None:
    with pytest.raises(SettingError, match="settings show"):
        Settings().value("camera.colour")


def test_asking_for_the_wrong_type_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match=r"camera\.width"):
        Settings().switch("camera.width")


def test_synchronised_settings_are_those_of_the_session() -> None:
    assert {entry.key for entry in CATALOGUE if entry.synchronised} == set(FIELDS)
    settings = Settings({"connection.name": "kitchen", "recognition.label_count": 3})
    session = wanted(settings)
    assert session == SessionSettings(name="kitchen", label_count=3)
    assert all(value_of(session, key) == settings.value(key) for key in FIELDS)


def test_settings_survive_a_restart_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "state" / "settings.json")
    assert file.load().values == {}
    file.save({"connection.token": "secret", "camera.fps": 10})
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.load().values == {"connection.token": "secret", "camera.fps": 10}
    assert [path.name for path in file.path.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"settings": {}}',
        b'{"format": 2, "settings": {}}',
        b"[" * 9**6,
    ],
    ids=["empty", "cut", "binary", "list", "no format", "other format", "deep"],
)
def test_a_damaged_file_is_set_aside_and_defaults_hold(tmp_path: Path, content: bytes) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.path.write_bytes(content)
    loaded = file.load()
    assert loaded.values == {}
    assert "settings.json.damaged" in loaded.problems[0]
    assert (tmp_path / "settings.json.damaged").read_bytes() == content
    assert not file.path.exists()


def test_a_wrong_value_is_left_out_and_the_others_hold(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    stored = {"camera.fps": 10, "camera.width": "wide", "camera.lens": 3}
    file.path.write_text(json.dumps({"format": 1, "settings": stored}))
    loaded = file.load()
    assert loaded.values == {"camera.fps": 10}
    assert len(loaded.problems) == 2
    assert "camera.width" in loaded.problems[0]
    assert "camera.lens" in loaded.problems[1]


def test_a_file_that_cannot_be_written_says_so_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.save({"camera.fps": 10})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EdgeError, match=r"cannot be written \(No space left on device\)"):
        file.save({"camera.fps": 5})
    assert file.load().values == {"camera.fps": 10}
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_settings_that_root_sets_stay_the_service_users(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    for values in ("camera.fps=10", "camera.fps=5"):
        assert main(["settings", "set", values, "--state-dir", str(tmp_path)]) == 0
        status = (tmp_path / "settings.json").stat()
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 12346, 0o600)


def test_settings_are_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "settings.json").symlink_to("elsewhere.json")
    file = SettingsFile(tmp_path / "settings.json")
    file.save({"camera.fps": 10})
    assert file.path.is_symlink()
    assert SettingsFile(tmp_path / "elsewhere.json").load().values == {"camera.fps": 10}


def test_what_a_crash_left_is_swept_at_start_also_what_an_earlier_version_left(tmp_path: Path):
    """It holds the token, and nobody looks into it again."""
    for name in ("settings.json.new", ".settings.json.0123456789abcdef.part"):
        (tmp_path / name).write_text("token")
    SettingsFile(tmp_path / "settings.json").sweep()
    assert not list(tmp_path.iterdir())


def test_settings_that_were_cut_short_in_a_mount_are_named_at_start(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"format": 1, "sett')
    complete = tmp_path / ".settings.json.0123456789abcdef.whole"
    complete.write_text('{"format": 1, "settings": {"camera.fps": 5}}')
    (sentence,) = SettingsFile(tmp_path / "settings.json").sweep()
    assert str(complete) in sentence
    assert complete.exists()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_settings_that_are_no_file_are_an_error_with_its_cure(tmp_path: Path, make) -> None:
    make(tmp_path / "settings.json")
    with pytest.raises(EdgeError, match=r"cannot be read \(.*\); remove it"):
        SettingsFile(tmp_path / "settings.json").load()


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("server:4433", "server", 4433),
        (" wss://10.0.0.5:1 ", "10.0.0.5", 1),
        ("[fe80::1]:7", "fe80::1", 7),
    ],
)
def test_an_address_with_a_port_means_both(text: str, address: str, port: int) -> None:
    values = {"connection.address": address, "connection.port": port}
    assert entered("connection.address", text) == values


@pytest.mark.parametrize("text", ["server", "::1", "fe80::1%wlan0"])
def test_an_address_without_a_port_leaves_the_port_alone(text: str) -> None:
    assert entered("connection.address", text) == {"connection.address": text}


@pytest.mark.parametrize("text", ["server:0", "server:x", "a/b:1", "ws://server:1"])
def test_an_address_with_no_port_of_this_world_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"connection\.(address|port)"):
        entered("connection.address", text)


def test_a_stored_address_with_a_port_is_left_out_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    document = {"format": 1, "settings": {"connection.address": "server:4433"}}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    loaded = SettingsFile(path).load()
    assert loaded.values == {}
    assert "connection.port" in loaded.problems[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("camera.fps: must be a number", "“Frame rate”: must be a number"),
        ("set connection.tls_mode to fingerprint", "set “Trust the server by” to fingerprint"),
        ("set device.test_mode=on, or", "set “Test mode” = on, or"),
        ("hooks.on_known: a command", "hooks.on_known: a command"),
        ("see /etc/camera.fps and camera.fps.d", "see /etc/camera.fps and camera.fps.d"),
        ("nothing of ours", "nothing of ours"),
    ],
)
def test_sentences_for_the_screen_name_labels(text: str, shown: str) -> None:
    assert with_labels(text) == shown


def defaults_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "defaults.conf"
    path.write_text(text)
    return path


def test_a_machine_has_defaults_of_its_own(tmp_path: Path) -> None:
    loaded = read_defaults(
        defaults_file(
            tmp_path, "\ufeff# comment\r\n\n camera.fps = 10 \nconnection.address=faces.lan:4433\n"
        )
    )
    assert loaded.problems == ()
    settings = Settings({"camera.width": 640}, defaults=loaded.values)
    assert settings.number("camera.fps") == 10
    assert settings.text("connection.address") == "faces.lan"
    assert settings.number("connection.port") == 4433
    # Only what a person chose is stored, be it the program's own default.
    assert settings.stored() == {"camera.width": 640}
    settings.set("camera.fps", setting("camera.fps").default)
    assert settings.stored() == {"camera.width": 640, "camera.fps": 15}
    settings.reset()
    assert settings.number("camera.fps") == 10
    assert settings.stored() == {}


def test_wrong_lines_of_the_defaults_are_told_and_the_others_used(tmp_path: Path) -> None:
    path = defaults_file(tmp_path, "camera.fps = fast\ncamera.lens = 1\nfps\ncamera.width = 640\n")
    loaded = read_defaults(path)
    assert loaded.values == {"camera.width": 640}
    first, second, third = loaded.problems
    assert f"line 1 of {path}" in first
    assert "from 1 to 60" in first
    assert "camera.lens" in second
    assert "KEY = VALUE" in third


def test_defaults_that_are_missing_or_no_file_stop_nothing(tmp_path: Path) -> None:
    assert read_defaults(tmp_path / "none.conf") == read_defaults(defaults_file(tmp_path, ""))
    (problem,) = read_defaults(tmp_path).problems
    assert str(tmp_path) in problem
