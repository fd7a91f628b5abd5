"""The log's page."""

import pytest

from iot_facerecognition_edge.log.eventlog import EntryKind
from iot_facerecognition_edge.ui.popup import Confirm
from iot_facerecognition_edge.views.logs import EntryPopup
from iot_facerecognition_edge.views.view import Page


@pytest.fixture
def logs(finger):
    log = finger.appliance.log
    for number in range(40):
        log.information(f"face found: person {number}")
    log.warning("the Wi-Fi is weak")
    log.error("no route to the server")
    finger.app.open(Page.LOGS)
    finger.wait()
    finger.drawn()
    return finger


def texts(finger):
    return [entry.text for entry in finger.view.rows.entries]


def test_the_newest_entry_stands_first_in_the_colour_of_its_kind(logs):
    assert texts(logs)[:3] == [
        "no route to the server",
        "the Wi-Fi is weak",
        "face found: person 39",
    ]
    colours = logs.app.look.colours
    bars = [logs.view.rows.row(number) for number in range(3)]
    gap = logs.app.look.metrics.gap
    shown = [logs.colour(bar.x + gap + 2, bar.centery) for bar in bars]
    assert shown == [colours.error, colours.warning, colours.good]


def test_a_kind_can_be_left_out_and_taken_in_again(logs):
    logs.tap(logs.view.chips[EntryKind.INFORMATION])
    assert texts(logs) == ["no route to the server", "the Wi-Fi is weak"]
    logs.tap(logs.view.chips[EntryKind.WARNING])
    assert texts(logs) == ["no route to the server"]
    logs.tap(logs.view.chips[EntryKind.INFORMATION])
    assert len(texts(logs)) == 41


def test_the_list_scrolls(logs):
    pane = logs.view._pane
    logs.swipe((200, 280), (200, 130))
    assert 140 <= pane.offset <= 150
    logs.swipe((200, 130), (200, 290))
    assert pane.offset == 0


def test_a_new_entry_appears_at_the_top(logs):
    logs.appliance.log.warning("something new")
    logs.wait()
    assert texts(logs)[0] == "something new"


def test_a_new_entry_does_not_move_what_is_read(logs):
    logs.swipe((200, 280), (200, 130))
    top = logs.view._pane.rect.top
    before = next(n for n in range(50) if logs.view.rows.row(n).bottom > top)
    read, place = logs.view.rows.entries[before], logs.view.rows.row(before)
    logs.appliance.log.warning("something new")
    logs.wait()
    after = logs.view.rows.entries.index(read)
    assert after == before + 1
    assert logs.view.rows.row(after) == place


def test_a_tap_shows_the_whole_entry(logs):
    logs.tap(logs.view.rows.row(1))
    assert isinstance(logs.top, EntryPopup)
    assert logs.top._text._text == "the Wi-Fi is weak"
    logs.tap(logs.top._cross)
    assert logs.top is logs.view


def test_a_swipe_opens_no_entry(logs):
    logs.swipe((200, 250), (200, 200))
    assert logs.top is logs.view


def test_the_log_is_cleared_after_a_question(logs):
    logs.tap(logs.view.clear_button)
    assert isinstance(logs.top, Confirm)
    logs.tap(logs.top._yes)
    assert texts(logs) == []
    assert logs.appliance.log.entries() == []


def test_only_the_rows_that_are_seen_are_drawn(logs):
    drawn = []
    draw = logs.view.rows._draw_row
    logs.view.rows._draw_row = lambda *arguments: (drawn.append(arguments[3]), draw(*arguments))
    logs.view.changed()
    logs.wait()
    assert drawn == list(range(len(drawn)))
    assert 3 <= len(drawn) <= 8
