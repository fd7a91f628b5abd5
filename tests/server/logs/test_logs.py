"""Lines in the original's form or JSON, which nobody can forge, and which hold up nobody."""

import io
import json
import logging
import os
import re
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.config import ConfigError, load
from iot_facerecognition_server.logs import JsonFormatter, ServerLog, TextFormatter, escaped, quoted

LINE = re.compile(r"\[\d\d-\d\d-\d{4} / \d\d:\d\d:\d\d\]: (\"[^\"]*\".*?|[^:\"]*): (.*)")
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


def lines(console):
    return console.getvalue().splitlines()


def test_lines_have_the_original_form_on_console_and_in_the_file(settings, tmp_path):
    console = io.StringIO()
    with ServerLog(settings(), console):
        log.info("listening on %d", 50000)
        logging.LoggerAdapter(log, {"client": "kitchen"}).info("connected")
        about = {"client": "hall", "identity": "second token"}
        log.info("seen", extra={**about, "event": "face"})
    assert (tmp_path / "log.txt").read_text() == console.getvalue()
    assert [LINE.fullmatch(line).groups() for line in lines(console)] == [
        ("server", "listening on 50000"),
        ('"kitchen"', "connected"),
        ('"hall" (second token)', "seen"),
    ]


def test_the_time_is_the_local_time_of_the_event():
    moment = time.mktime((2026, 1, 2, 3, 4, 5, 0, 0, -1))
    record = logging.makeLogRecord({"msg": "x", "levelno": logging.INFO, "created": moment})
    assert TextFormatter().format(record) == "[02-01-2026 / 03:04:05]: server: x"


def test_warnings_and_errors_say_so(settings):
    console = io.StringIO()
    with ServerLog(settings(), console):
        log.warning("late")
        log.error("lost")
    assert [LINE.fullmatch(line)[2] for line in lines(console)] == ["warning: late", "error: lost"]


@pytest.mark.parametrize(("level", "count"), [("debug", 4), ("info", 3), ("error", 1)])
def test_less_important_events_are_left_out(settings, level, count):
    console = io.StringIO()
    with ServerLog(settings(LEVEL=level), console):
        for write in (log.debug, log.info, log.warning, log.error):
            write("x")
    assert len(lines(console)) == count


def test_other_libraries_are_heard_from_warnings_on(settings):
    console = io.StringIO()
    with ServerLog(settings(LEVEL="debug"), console):
        logging.getLogger("websockets.server").info("noise")
        logging.getLogger("asyncio").warning("slow")
        warnings.warn("old", stacklevel=1)
    text = console.getvalue()
    assert "noise" not in text
    assert "warning: slow" in text
    assert "UserWarning: old" in text


def test_afterwards_logging_is_as_it_was(settings):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), log.getEffectiveLevel())
    with ServerLog(settings(LEVEL="debug"), io.StringIO()):
        pass
    assert (root.level, list(root.handlers), log.getEffectiveLevel()) == before


FORGERY = "x\n[01-01-2026 / 00:00:00]: server: ended\r\x1b[2J\u202e\u2028\x85\x00\udcff"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nobody_can_forge_a_line(settings, log_format, tmp_path):
    console = io.StringIO()
    with ServerLog(settings(LOGFORMAT=log_format), console):
        log.info("name set: %s", FORGERY, extra={"client": FORGERY, "more": FORGERY})
    data = (tmp_path / "log.txt").read_bytes()
    assert data.count(b"\n") == 1
    assert data.endswith(b"\n")
    assert data.decode()[:-1].isprintable()


SERVERS_OWN = "server: error: disk full"


@pytest.mark.parametrize("name", [SERVERS_OWN, '"', "\\", '" (first): x', 'a" server: error: b'])
@pytest.mark.parametrize("identity", ["first", SERVERS_OWN, "192.0.2.7", "2001:db8::1", ")"])
def test_no_name_or_identity_passes_for_the_server(settings, name, identity):
    console = io.StringIO()
    with ServerLog(settings(), console):
        log.info("message: %s", quoted(SERVERS_OWN), extra={"client": name, "identity": identity})
    about = lines(console)[0].split("]: ", 1)[1]
    # What comes before the text is read back as JSON strings, so nothing in them ends them early.
    read, end = json.JSONDecoder().raw_decode(about)
    assert read == name
    shown = '")"' if identity == ")" else identity
    assert about[end:] == f' ({shown}): message: "{SERVERS_OWN}"'


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_escaped_text_is_one_visible_line(text):
    assert escaped(text).isprintable()


def fail():
    raise ValueError(FORGERY)


def test_a_traceback_cannot_be_taken_for_records(settings):
    console = io.StringIO()
    with ServerLog(settings(), console):
        try:
            fail()
        except ValueError:
            log.exception("failed")
    first, *others = console.getvalue().splitlines()
    assert LINE.fullmatch(first)[2] == "error: failed"
    assert any("ValueError" in line for line in others)
    assert all(line.startswith("    ") for line in others)


def test_json_lines_have_fields_for_machines(settings):
    console = io.StringIO()
    before = datetime.now(UTC)
    about = {"client": "hall", "identity": "second"}
    with ServerLog(settings(LOGFORMAT="json"), console):
        log.info("%d faces", 2, extra=about | {"faces": 2, "age": float("nan")})
        log.warning("odd", extra={"event": "oddity", "level": "mine"})
        try:
            {}["k"]
        except KeyError:
            log.exception("failed")
    first, second, third = map(json.loads, lines(console))
    assert abs(datetime.fromisoformat(first.pop("ts")) - before).total_seconds() < 60
    assert first == {
        "level": "info",
        "client": "hall",
        "identity": "second",
        "event": "%d faces",
        "message": "2 faces",
        "logger": log.name,
        "faces": 2,
        "age": "nan",
    }
    assert (second["event"], second["level"], second["client"]) == ("oddity", "warning", None)
    assert "KeyError: 'k'" in third["exception"]


def test_json_takes_any_extra():
    record = logging.makeLogRecord({"msg": "x", "thing": object(), "path": os.sep})
    assert "object" in json.loads(JsonFormatter().format(record))["thing"]


def test_values_are_those_of_the_moment_of_logging(settings):
    console = io.StringIO()
    names = ["a"]
    with ServerLog(settings(), console):
        log.info("%s", names)
        names.append("b")
    assert lines(console)[0].endswith("server: ['a']")


def test_very_long_texts_are_cut(settings):
    console = io.StringIO()
    with ServerLog(settings(), console):
        log.info("%s", "x" * 1_000_000, extra={"client": "y" * 1_000_000})
    assert len(console.getvalue()) < 9000


class Terminal(io.StringIO):
    """A terminal that takes nothing until it is let go."""

    def __init__(self):
        super().__init__()
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def write(self, text):
        self.reached.set()
        assert self.go_on.wait(30)
        return super().write(text)


def test_a_terminal_that_hangs_holds_up_nobody_and_losses_are_reported(settings):
    console = Terminal()
    with ServerLog(settings(ENABLE="false"), console, capacity=10) as server_log:
        log.info("first")
        assert console.reached.wait(30)
        for number in range(100):  # returns, though nothing is written
            log.info("event %d", number)
        assert server_log.dropped == 90
        console.go_on.set()
    written = [LINE.fullmatch(line)[2] for line in lines(console)]
    assert written[0] == "first"
    assert written[1].startswith("warning: 90 log messages were lost")
    assert written[2:] == [f"event {number}" for number in range(10)]


def test_the_file_is_bounded_and_old_ones_are_kept(settings, tmp_path):
    with ServerLog(settings(MAXBYTES="4096", BACKUPS="2"), io.StringIO()):
        for number in range(400):
            log.info("event %d %s", number, "." * 40)
    files = sorted(path for path in tmp_path.iterdir() if path.name.startswith("log.txt"))
    assert [path.name for path in files] == ["log.txt", "log.txt.1", "log.txt.2"]
    assert all(path.stat().st_size <= 4096 for path in files)
    assert "event 399 " in files[0].read_text()


def test_the_file_is_continued_and_not_for_everyone(settings, tmp_path):
    umask = os.umask(0)
    try:
        for _ in range(2):
            with ServerLog(settings(), io.StringIO()):
                log.info("started")
    finally:
        os.umask(umask)
    assert len((tmp_path / "log.txt").read_text().splitlines()) == 2
    assert (tmp_path / "log.txt").stat().st_mode & 0o777 == 0o640


def test_without_enable_there_is_no_file(settings, tmp_path):
    with ServerLog(settings(ENABLE="false"), io.StringIO()):
        log.info("started")
    assert not (tmp_path / "log.txt").exists()


def test_a_file_that_cannot_be_opened_is_an_error_with_its_cure(settings, tmp_path):
    (tmp_path / "log.txt").mkdir()
    with pytest.raises(ConfigError, match=r"^\[Log\] Location: .*Enable=false"):
        ServerLog(settings(), io.StringIO())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
def test_a_full_disk_is_told_on_the_console_once(settings):
    console = io.StringIO()
    with ServerLog(settings(LOCATION="/dev/full"), console):
        for _ in range(3):
            log.info("event")
    texts = [LINE.fullmatch(line)[2] for line in lines(console)]
    assert texts.count("event") == 3
    assert len(texts) == 4
    assert any("/dev/full cannot be written" in text for text in texts)
