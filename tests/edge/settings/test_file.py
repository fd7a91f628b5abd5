"""The file that keeps the settings."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from iot_facerecognition_edge.cli import main
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings import (
    SettingsFile,
)


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


def test_a_stored_address_with_a_port_is_left_out_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    document = {"format": 1, "settings": {"connection.address": "server:4433"}}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    loaded = SettingsFile(path).load()
    assert loaded.values == {}
    assert "connection.port" in loaded.problems[0]
