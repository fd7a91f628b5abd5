"""Programs that are run, killed in time, and what is written down of them."""

import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iot_facerecognition_edge.update.commands import Done, SystemRunner
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.log import LARGEST, Log
from iot_facerecognition_edge.update.notifying import notify


def test_what_a_program_prints_and_how_it_ends():
    logged: list[str] = []
    run = SystemRunner(logged.append)
    done = run("sh", "-c", "cat; pwd; echo oops >&2; exit 3", given="in\n", folder=Path("/"))
    assert done.output == "in\n/\noops\n"
    assert done.problem == "sh ended with status 3 (oops)"
    assert logged[0].endswith("in\n/\noops")


def test_a_program_that_hangs_is_killed_with_all_it_started(tmp_path):
    alive = [0]

    def count() -> None:
        alive[0] += 1

    run = SystemRunner(lambda _: None, alive=count)
    script = f"sleep 600 & echo $! >{tmp_path}/child; sleep 600"
    done = run("sh", "-c", script, limit=1.0)
    assert done.code < 0
    assert "it took longer than 1 s" in done.problem
    assert alive[0] > 1, "systemd's watchdog is fed meanwhile"
    child = int((tmp_path / "child").read_text())
    # Killed by then; whoever adopted it may not have waited for it yet.
    end = time.monotonic() + 10
    while time.monotonic() < end and is_alive(child):
        time.sleep(0.01)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_a_killed_program_leaves_running_is_ended(tmp_path):
    """As a dpkg whose apt was killed: it would hold the lock."""
    run = SystemRunner(lambda _: None)
    done = run("sh", "-c", f"sleep 600 & echo $! >{tmp_path}/child; kill -9 $$")
    assert done.problem.startswith("sh ended with signal SIGKILL")
    child = int((tmp_path / "child").read_text())
    end = time.monotonic() + 10
    while time.monotonic() < end and is_alive(child):
        time.sleep(0.01)
    assert not is_alive(child)


def test_a_missing_program_names_the_cure():
    with pytest.raises(UpdateError, match="there is no no-such-program on this system"):
        SystemRunner(lambda _: None)("no-such-program")


def test_the_environment_of_who_asked_does_not_matter(monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    done = SystemRunner(lambda _: None)("sh", "-c", "env")
    names = {line.partition("=")[0] for line in done.output.splitlines()}
    assert "PYTHONPATH" not in names
    assert "LC_ALL=C.UTF-8" in done.output
    assert "DEBIAN_FRONTEND=noninteractive" in done.output
    assert os.environ["LC_ALL"] == "de_DE.UTF-8"


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("Reading…\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n", "E: Sub-process"),
        (
            "dpkg: error processing package edge (--configure):\n its postinst failed\nE: x\n",
            "(dpkg: error processing package edge (--configure): its postinst failed)",
        ),
        ("dpkg: error: requested operation requires privilege\nE: x\n", "requires privilege"),
        ("what it said last\n", "what it said last"),
        ("", "ended with status 1"),
    ],
)
def test_the_telling_line_is_quoted(output, problem):
    assert problem in Done(("apt-get",), 1, output).problem


def test_the_log_has_a_bound_and_one_older_file(tmp_path):
    log = Log(tmp_path / "log", lambda: datetime(2026, 11, 27, tzinfo=UTC), to_journal=False)
    for _ in range(12):
        log("x" * (LARGEST // 4))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size < 2 * LARGEST for path in tmp_path.iterdir())
    assert (tmp_path / "log").read_text().startswith("2026-11-27T00:00:00+00:00 xxx")


def test_the_journal_gets_the_first_line_only(tmp_path, capsys):
    log = Log(tmp_path / "log", lambda: datetime(2026, 11, 27, tzinfo=UTC))
    log("dpkg: done\nUnpacking …\n")
    assert capsys.readouterr().err == "dpkg: done\n"
    assert "Unpacking" in (tmp_path / "log").read_text()


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path, capsys):
    Log(tmp_path / "no" / "folder", lambda: datetime(2026, 11, 27, tzinfo=UTC))("done")
    assert "cannot be written" in capsys.readouterr().err


def test_a_systemd_that_does_not_listen_interrupts_nothing(tmp_path, monkeypatch):
    heard = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(heard))
    notify("WATCHDOG=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(heard))
        notify("WATCHDOG=1")
        assert systemd.recv(100) == b"WATCHDOG=1"
    notify("WATCHDOG=1")
