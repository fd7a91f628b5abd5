"""The log as a file that is rotated, moved away and filled up."""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.log.logfile import LogFile

NOON = datetime(2026, 5, 1, 12, 30, 15, 678000, tzinfo=timezone(timedelta(hours=2)))


def make_log() -> EventLog:
    return EventLog(lambda: NOON)


def test_the_file_is_rotated_and_never_larger_than_asked_for(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "state" / "log.txt", size=1000)
    log = make_log()
    for number in range(100):
        file.write(log.information(f"event {number}"))
    file.close()
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "state").iterdir()}
    assert set(sizes) == {"log.txt", "log.txt.1"}
    assert all(size <= 1000 for size in sizes.values())
    assert "event 99 (information)" in (tmp_path / "state" / "log.txt").read_text()


def test_the_file_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    for number in range(2):
        file = LogFile(tmp_path / "log.txt", size=10_000)
        file.write(make_log().information(f"run {number}"))
        file.close()
    assert len((tmp_path / "log.txt").read_text().splitlines()) == 2


def test_a_full_disk_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "log.txt").symlink_to("/dev/full")
    with pytest.raises(EdgeError, match="stays in memory"):
        LogFile(tmp_path / "log.txt", size=1000).write(make_log().information("a"))


@pytest.mark.parametrize("how", ["renamed", "removed", "replaced"])
def test_a_file_that_is_moved_away_is_made_again_at_the_next_entry(tmp_path: Path, how) -> None:
    log = make_log()
    file = LogFile(tmp_path / "log.txt", size=10_000)
    file.write(log.information("before"))
    file.path.chmod(0o640)
    file.path.rename(tmp_path / "moved.txt")
    if how == "removed":
        (tmp_path / "moved.txt").unlink()
    if how == "replaced":
        file.path.touch()
        file.path.chmod(0o640)  # whatever the umask
    for text in ("after", "at last"):
        file.write(log.information(text))
    written = file.path.read_text()
    assert "before" not in written
    assert "after" in written
    assert "at last" in written
    assert file.path.stat().st_mode & 0o777 == 0o640
    file.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_a_log_that_root_begins_is_the_service_users(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    file = LogFile(tmp_path / "state" / "log.txt", size=100)
    for number in range(5):
        file.write(make_log().information(f"event {number}"))
    file.close()
    for path in (file.path.parent, *file.path.parent.iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346), path
