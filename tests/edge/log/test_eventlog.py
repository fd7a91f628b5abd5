"""The newest events in bounded memory."""

from datetime import UTC, datetime, timedelta, timezone

from iot_facerecognition_edge.log.eventlog import (
    ENTRY_LENGTH,
    MOST_ENTRIES,
    Entry,
    EntryKind,
    EventLog,
)

NOON = datetime(2026, 5, 1, 12, 30, 15, 678000, tzinfo=timezone(timedelta(hours=2)))


def make_log() -> EventLog:
    return EventLog(lambda: NOON)


def test_newest_first_with_the_originals_line() -> None:
    log = make_log()
    log.information("connected")
    log.error("lost")
    assert [entry.text for entry in log.entries()] == ["lost", "connected"]
    assert log.entries()[1].line() == "[01-05-2026 / 12:30:15.678]: connected"


def test_filtered_by_kind() -> None:
    log = make_log()
    log.information("a")
    log.warning("b")
    log.error("c")
    assert [entry.text for entry in log.entries({EntryKind.WARNING, EntryKind.ERROR})] == ["c", "b"]


def test_a_detection_has_the_time_of_its_picture() -> None:
    log = make_log()
    taken = datetime(2026, 5, 1, tzinfo=UTC)
    assert log.information("face: Ada", taken).time == taken


def test_memory_is_bounded_and_numbers_go_on() -> None:
    log = make_log()
    for number in range(MOST_ENTRIES + 5):
        log.information(str(number))
    assert len(log.entries()) == MOST_ENTRIES
    assert log.entries()[0].number == MOST_ENTRIES + 5


def test_what_comes_from_outside_stays_one_line_of_bounded_length() -> None:
    entry = make_log().information("Ada\n[01-01-2026 / 00:00:00.000]: forged\x1b[31m" + "x" * 5000)
    assert "\n" not in entry.line()
    assert "\x1b" not in entry.text
    assert len(entry.text) <= ENTRY_LENGTH


def test_subscribers_get_new_entries_until_they_leave() -> None:
    log = make_log()
    got: list[Entry] = []
    leave = log.subscribe(got.append)
    entry = log.information("a")
    leave()
    log.information("b")
    assert got == [entry]
