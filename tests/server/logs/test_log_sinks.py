"""A console that nobody reads and a file that is moved away hold up nobody."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from iot_facerecognition_server.config import ConfigError, load
from iot_facerecognition_server.log_sinks import Console
from iot_facerecognition_server.logs import ServerLog

log = logging.getLogger("iot_facerecognition_server.tests")


@pytest.fixture
def settings(tmp_path):
    def configure(**environ):
        path = tmp_path / "config.ini"
        path.write_text("")
        prefix = "IOT_FACERECOGNITION_LOG_"
        environ = {"LINESPERMINUTE": "0", **environ}  # these tests log many lines of a kind
        return load(path, {prefix + key: value for key, value in environ.items()}).log

    return configure


@pytest.fixture
def full_pipe():
    """The ends of a pipe that has room for nothing more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for size in (65536, 1):
        try:
            while True:
                os.write(writer, b"." * size)
        except BlockingIOError:
            pass
    os.set_blocking(writer, True)
    yield reader, writer
    for descriptor in (reader, writer):
        with suppress(OSError):
            os.close(descriptor)


@pytest.mark.timeout(60)
def test_a_pipe_that_nobody_reads_stops_neither_the_file_nor_the_end(settings, tmp_path, full_pipe):
    before = threading.active_count()
    with os.fdopen(full_pipe[1], "w") as console, ServerLog(settings(), console, 10) as server_log:
        for number in range(1000):
            log.info("event %d", number)
            while (
                number % 10 == 9 and f"event {number}\n" not in (tmp_path / "log.txt").read_text()
            ):
                time.sleep(0.001)
        assert server_log.dropped > 900, "those for the console"
    assert (tmp_path / "log.txt").read_text().count("event") == 1000
    assert threading.active_count() == before


def test_a_pipe_that_is_read_again_gets_what_waited_and_the_number_of_what_did_not(
    settings, full_pipe
):
    reader, writer = full_pipe
    with (
        os.fdopen(writer, "w") as console,
        os.fdopen(reader, "rb") as lines,
        ServerLog(settings(ENABLE="false"), console, 10) as server_log,
    ):
        for number in range(100):
            log.info("event %d", number)
        assert server_log.dropped >= 89
        read = b""
        while b"log messages were lost" not in read or b"event 9" not in read:
            read += os.read(lines.fileno(), 4096)
    assert b"event 0" in read


def test_a_reader_that_has_gone_costs_the_console_only(settings, tmp_path, capfd):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as console, ServerLog(settings(), console):
        log.info("event")
    assert "event" in (tmp_path / "log.txt").read_text()
    assert capfd.readouterr().err == ""


def test_long_texts_are_written_whole(tmp_path):
    path = tmp_path / "console"
    with path.open("w") as stream:
        console = Console(stream)
        console.handle(logging.makeLogRecord({"msg": "é" * 100_000}))
        console.close()
    assert path.read_text() == "é" * 100_000 + "\n"


def written(path: Path, text: str) -> str:
    """Return what is in `path` once `text` is."""
    for _ in range(6000):
        if path.exists() and text in path.read_text():
            return path.read_text()
        time.sleep(0.01)
    pytest.fail(f"{text!r} is not in {path}")


@pytest.mark.parametrize("how", ["renamed", "removed", "replaced", "folder removed"])
def test_a_file_that_is_gone_is_made_again_at_the_next_line(settings, tmp_path, how):
    path = tmp_path / "logs" / "log.txt"
    with ServerLog(settings(LOCATION="logs/log.txt"), sys.stderr):
        log.info("before")
        written(path, "before")
        path.chmod(0o664)
        aside = tmp_path / "aside.txt"
        path.rename(aside)
        if how == "replaced":
            path.touch(mode=0o600)
        if how == "folder removed":
            path.parent.rmdir()
            path.parent.mkdir()
        log.info("after")
        assert "before" not in written(path, "after")
    assert "after" not in aside.read_text()
    if how in {"renamed", "removed"}:
        assert path.stat().st_mode & 0o777 == 0o664


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_the_next_file_is_whose_the_last_one_was(settings, tmp_path):
    with ServerLog(settings(MAXBYTES="4096"), sys.stderr):
        log.info("first")
        written(tmp_path / "log.txt", "first")
        os.chown(tmp_path / "log.txt", 12345, 12346)
        for number in range(100):
            log.info("event %d %s", number, "." * 60)
    for path in (tmp_path / "log.txt", tmp_path / "log.txt.1"):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


@pytest.mark.timeout(30)
def test_a_pipe_as_log_file_is_refused_and_not_waited_for(settings, tmp_path):
    os.mkfifo(tmp_path / "log.txt")
    with pytest.raises(ConfigError, match=r"log\.txt cannot be written"):
        ServerLog(settings(), sys.stderr)
    reader = os.open(tmp_path / "log.txt", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(ConfigError, match="it is a pipe"):
        ServerLog(settings(), sys.stderr)
    os.close(reader)


def test_a_server_whose_console_nobody_reads_logs_serves_and_ends(tmp_path, full_pipe):
    (tmp_path / "config.ini").write_text("[Connection]\nBind=127.0.0.1\nPort=0\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "iot_facerecognition_server"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=full_pipe[1],
    )
    try:
        written(tmp_path / "log.txt", "listening on")
        (tmp_path / "log.txt").rename(tmp_path / "moved.txt")
        process.send_signal(signal.SIGHUP)
        written(tmp_path / "log.txt", "SIGHUP: reloading")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert "ended" in (tmp_path / "log.txt").read_text()
