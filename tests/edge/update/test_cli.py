"""The command line: exit statuses and sentences."""

import os

import pytest

from iot_facerecognition_edge.update import cli
from iot_facerecognition_edge.update.cli import main
from iot_facerecognition_edge.update.journal import Attempt, Journal, JournalFile, Phase
from iot_facerecognition_edge.update.places import Places
from iot_facerecognition_edge.update.state import publish


@pytest.fixture
def places(tmp_path, monkeypatch) -> Places:
    places = Places(tmp_path)
    places.folder.mkdir(parents=True)
    places.units.mkdir(parents=True)
    monkeypatch.setattr(cli, "Places", lambda: places)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return places


def ended(places: Places, phase: Phase, reason: str = "") -> None:
    attempt = Attempt("a1", "2.0.0", "1.0.0", "new.deb", "old.deb")
    journal = Journal(attempt, phase, reason, since="2026-11-27T20:00:00+00:00")
    JournalFile(places.journal).save(journal)
    publish(places, journal)


@pytest.mark.parametrize(
    ("phase", "status"),
    [(Phase.GOOD, 0), (Phase.ROLLED_BACK, 3), (Phase.SKIPPED, 4), (Phase.PROBATION, 5)],
)
def test_the_end_of_an_update_is_the_status_of_wait(places, phase, status, capsys):
    ended(places, phase, "a reason")
    assert main(["wait", "0"]) == status
    assert "1.0.0 -> 2.0.0: " in capsys.readouterr().out


def test_wait_ends_when_the_guard_is_gone(places):
    ended(places, Phase.GOOD)
    unit = places.units / "iot-facerecognition-update-guard.service"
    unit.write_text("")
    assert main(["wait", "0"]) == 5
    unit.unlink()
    assert main(["wait", "0"]) == 0


def test_wait_without_an_update_names_the_cure(places, capsys):
    assert main(["wait"]) == 1
    assert "`install` begins one" in capsys.readouterr().err


def test_status_is_a_line_or_what_the_server_is_told(places, capsys):
    assert main(["status"]) == 0
    assert main(["status", "--json"]) == 0
    assert capsys.readouterr().out == "no update yet\n{}\n"
    ended(places, Phase.ROLLED_BACK, "its service failed (watchdog)")
    main(["status"])
    out = capsys.readouterr().out
    assert "rolled-back: its service failed (watchdog)" in out
    assert "/var/log/iot-facerecognition-update.log" in out
    main(["status", "--json"])
    assert '"attempt": "a1"' in capsys.readouterr().out


@pytest.mark.parametrize("command", [["install", "2.0.0"], ["rollback"], ["pull"]])
def test_only_root_changes_anything(places, command, capsys):
    assert main(command) == 1
    assert "put `sudo` before it" in capsys.readouterr().err


def test_a_damaged_journal_is_reported(places, capsys):
    places.journal.write_text("{")
    assert main(["wait", "0"]) == 1
    assert "if no update is under way, remove it" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["install"], ["install", "1", "--attempt", "a b"], []])
def test_wrong_usage_is_2(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_help_tells_every_exit_status(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for status in range(6):
        assert f"\n  {status}  " in out
