"""Few lines of a kind go into the log, whoever causes them, and what was left out is said."""

import io
import json
import logging
import time

import pytest

from iot_facerecognition_server.config import load
from iot_facerecognition_server.limited_log import LimitedLog
from iot_facerecognition_server.log_limits import LineLimits
from iot_facerecognition_server.logs import ServerLog

log = logging.getLogger("iot_facerecognition_server.tests.limits")


class Lines(logging.Handler):
    """Keeps the texts it is handed."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class Limited:
    """A limited log of ten lines a minute, its clock and what it wrote and left out."""

    def __init__(self, lines: int = 10) -> None:
        self.now = 0.0
        self.written = Lines()
        self.left_out = 0
        self.log = LimitedLog([self.written], lines, lambda: self.now, self._count)

    def _count(self) -> None:
        self.left_out += 1

    def add(self, message: str, *values: object, **fields: object) -> None:
        level = logging.INFO
        record = logging.LogRecord("a.logger", level, "", 0, message, values, None)
        record.__dict__.update(fields)
        self.log.handle(record)


def test_a_kind_of_line_is_written_few_times_a_minute_and_then_summed_up() -> None:
    limited = Limited()
    for number in range(100):
        limited.add("connected from %s", number)
    assert limited.written.texts == [f"connected from {number}" for number in range(10)]
    assert limited.left_out == 90
    limited.add("another")
    assert limited.written.texts[-1] == "another"
    limited.now = 60.0
    limited.add("third")
    assert limited.written.texts[-2:] == [
        '90 more lines like "connected from %s" were left out ([Log] LinesPerMinute)',
        "third",
    ]
    limited.add("connected from %s", "x")
    assert limited.written.texts[-1] == "connected from x"
    limited.log.finish()
    assert limited.written.texts[-1] == "connected from x"


def test_one_identity_gets_half_so_that_others_are_seen_too() -> None:
    limited = Limited()
    for number in range(100):
        limited.add("message: %s", number, identity="flood")
    assert len(limited.written.texts) == 5
    limited.add("message: %s", "help", identity="honest")
    assert limited.written.texts[-1] == "message: help"


def test_a_traceback_counts_as_many_lines_and_the_first_one_is_always_written() -> None:
    limited = Limited(lines=30)
    for _ in range(5):
        limited.add("failed", exc_info=(ValueError, ValueError("x"), None))
    assert limited.written.texts == ["failed"]
    small = Limited(lines=1)
    small.add("failed", exc_info=(ValueError, ValueError("x"), None))
    assert small.written.texts == ["failed"]


def test_what_was_left_out_is_said_at_the_end() -> None:
    limited = Limited()
    for number in range(12):
        limited.add("%s", number)
    limited.log.finish()
    assert limited.written.texts[-1] == (
        "2 more lines of a.logger were left out ([Log] LinesPerMinute)"
    )


def test_a_library_that_makes_each_message_another_one_is_limited_too() -> None:
    limited = Limited()
    for number in range(5000):
        limited.add(f"message {number}")
    assert len(limited.written.texts) <= 510
    limited.now = 61.0
    limited.add("later")
    assert limited.written.texts[-2].startswith("4490 more lines of many kinds")


def test_sources_of_what_was_left_out_are_counted_and_bounded() -> None:
    limits = LineLimits(1)
    for number in range(3000):
        limits.allows("refused", f"address {number}", 0.0)
    for _ in range(7):
        limits.allows("refused", "address 5", 1.0)
    (left_out,) = limits.over(60.0)
    assert left_out.lines == 3006
    assert left_out.sources["address 5"] == 8
    assert left_out.sources["others"] == 1999
    assert len(left_out.sources) == 1001
    assert limits.over(60.0) == ()


def test_when_the_next_summary_is_due_is_known_only_where_there_is_one() -> None:
    limits = LineLimits(1)
    assert limits.allows("one", "", 1.0)
    assert limits.next_end() is None
    assert limits.allows("two", "", 2.0)
    assert not limits.allows("two", "", 3.0)
    assert limits.next_end() == 62.0


@pytest.fixture
def settings(tmp_path):
    def configure(**environ):
        prefix = "IOT_FACERECOGNITION_LOG_"
        environ = {"ENABLE": "false", "LOGFORMAT": "json", **environ}
        (tmp_path / "config.ini").write_text("")
        found = {prefix + key: value for key, value in environ.items()}
        return load(tmp_path / "config.ini", found).log

    return configure


def test_the_server_s_log_is_limited_and_counts_what_it_leaves_out(settings) -> None:
    console = io.StringIO()
    repeated = []
    with ServerLog(settings(LINESPERMINUTE="10"), console) as server_log:
        server_log.count_by(lambda: repeated.append(1), lambda: None)
        for number in range(100):
            log.info("event %d", number)
    records = [json.loads(line) for line in console.getvalue().splitlines()]
    assert [record["message"] for record in records[:-1]] == [f"event {n}" for n in range(10)]
    assert records[-1]["message"].startswith('90 more lines like "event %d"')
    assert records[-1]["level"] == "info"
    assert len(repeated) == 90


def test_debugging_is_not_limited(settings) -> None:
    console = io.StringIO()
    with ServerLog(settings(LINESPERMINUTE="1", LEVEL="debug"), console):
        for number in range(100):
            log.debug("event %d", number)
    assert len(console.getvalue().splitlines()) == 100


def test_a_summary_comes_in_time_though_nothing_else_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = Lines()
    limited = LimitedLog([written], 1, time.monotonic, lambda: None)
    monkeypatch.setattr(limited, "_limits", LineLimits(1, 1, seconds=0.1))
    for number in range(3):
        limited.handle(logging.LogRecord("a", logging.INFO, "", 0, "event %d", (number,), None))
    while len(written.texts) < 2:
        time.sleep(0.01)
    assert written.texts[1].startswith("2 more lines like")
