"""When log entries are written to a file, and what happens when they cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.log.keeper import LogKeeper
from iot_facerecognition_edge.settings import Settings, Value

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

Keep = Callable[..., tuple[Settings, EventLog, LogKeeper]]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Make a log with its keeper, which writes into `log.txt`."""

    def make(**own: Value) -> tuple[Settings, EventLog, LogKeeper]:
        settings = Settings({f"log.{key}": value for key, value in own.items()})
        log = EventLog(lambda: NOON)
        return settings, log, LogKeeper(settings, log, tmp_path / "log.txt")

    return make


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_entries_are_in_the_file_as_soon_as_they_are_made(keep: Keep, tmp_path: Path) -> None:
    _, log, keeper = keep(to_file=True)
    log.information("face: Ada")
    log.error("camera: none was found")
    assert lines(tmp_path / "log.txt") == [
        "[01-05-2026 / 12:00:00.000]: face: Ada (information)",
        "[01-05-2026 / 12:00:00.000]: camera: none was found (error)",
    ]
    keeper.close()


def test_nothing_is_written_while_the_setting_is_off(keep: Keep, tmp_path: Path) -> None:
    settings, log, keeper = keep(to_file=False)
    log.information("before")
    assert not (tmp_path / "log.txt").exists()
    settings.set("log.to_file", True)
    log.information("on")
    settings.set("log.to_file", False)
    log.information("off")
    assert [line.split(": ")[1] for line in lines(tmp_path / "log.txt")] == ["on (information)"]
    keeper.close()


def test_another_size_holds_from_the_next_entry_on(keep: Keep, tmp_path: Path) -> None:
    settings, log, keeper = keep(to_file=True, file_size=1024)
    for _ in range(20):
        log.information("x" * 500)
    assert not (tmp_path / "log.txt.1").exists()
    settings.set("log.file_size", settings.setting("log.file_size").minimum or 1)
    for _ in range(200):
        log.information("x" * 500)
    assert (tmp_path / "log.txt").stat().st_size <= settings.log.file_size * 1024
    assert (tmp_path / "log.txt.1").exists()
    keeper.close()


def test_a_file_that_cannot_be_written_is_reported_once_and_the_log_goes_on(
    keep: Keep, tmp_path: Path
) -> None:
    settings, log, keeper = keep(to_file=True)
    (tmp_path / "log.txt").mkdir()
    for number in range(3):
        log.information(f"entry {number}")
    texts = [entry.text for entry in reversed(log.entries())]
    assert [text for text in texts if text.startswith("entry")] == ["entry 0", "entry 1", "entry 2"]
    assert sum("cannot be written" in text for text in texts) == 1
    (tmp_path / "log.txt").rmdir()
    log.information("not tried")
    assert not (tmp_path / "log.txt").exists()
    settings.set("log.to_file", False)
    settings.set("log.to_file", True)
    log.information("tried again")
    assert "tried again" in lines(tmp_path / "log.txt")[0]
    keeper.close()
