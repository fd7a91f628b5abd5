"""What the feed tells, in the log."""

import logging

import pytest

from iot_facerecognition_protocol import Command, ErrorCode, FrameStatus
from iot_facerecognition_server.observability.event_log import EventLog
from iot_facerecognition_server.sessions.budget import BudgetLimits, Budgets
from iot_facerecognition_server.sessions.events import (
    Attempt,
    Event,
    FrameEnded,
    Ignored,
    Joined,
    Left,
    PeerRefused,
    Refused,
    Remark,
    Renamed,
    SettingChanged,
    TextReceived,
)
from iot_facerecognition_server.sessions.feed import Feed
from tests.server.connected_clients import connected

CLIENT = connected(7, identity="token")


def logged(*events: Event) -> Feed:
    feed = Feed()
    log = EventLog(Budgets(BudgetLimits()), lambda: 0.0, lambda: None, lambda: None)
    log.listen_to(feed)
    for event in (Joined(CLIENT), *events):
        feed.publish(event)
    return feed


@pytest.mark.parametrize(
    ("event", "level", "line"),
    [
        (Renamed(CLIENT, "kitchen"), logging.INFO, 'SETTING_NAME set: "kitchen"'),
        (TextReceived(CLIENT, "two words"), logging.INFO, 'message: "two words"'),
        (Ignored(CLIENT, "command 99"), logging.DEBUG, "ignored: command 99"),
        (Refused(CLIENT, ErrorCode.RATE, "too many"), logging.DEBUG, "refused: too many"),
        (Refused(CLIENT, ErrorCode.IDLE, "dumb", True), logging.WARNING, "disconnected: dumb"),
        (
            FrameEnded(CLIENT, 3, FrameStatus.REJECTED, "frame-damaged", "cut short"),
            logging.DEBUG,
            "frame 3 rejected: cut short",
        ),
        (Remark(CLIENT, logging.ERROR, "update to %s", ("1.2",)), logging.ERROR, "update to 1.2"),
        (Left(CLIENT, "no close frame"), logging.INFO, "disconnected: no close frame"),
        (
            PeerRefused("192.0.2.9", Attempt.CONNECT, "origin", "a foreign page"),
            logging.WARNING,
            "rejected 192.0.2.9: a foreign page",
        ),
    ],
)
def test_events_are_lines(
    caplog: pytest.LogCaptureFixture, event: Event, level: int, line: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        logged(event)
    first, second = caplog.records
    assert first.getMessage() == "connected from 192.0.2.1, protocol version 2"
    assert (second.levelno, second.getMessage()) == (level, line)
    if not isinstance(event, PeerRefused):
        assert second.identity == "token"  # type: ignore[attr-defined]


def test_lines_go_by_the_name_that_the_client_has_now(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logged(Renamed(CLIENT, "kitchen"), TextReceived(CLIENT, "hello"))
    assert [record.client for record in caplog.records] == ["?", "kitchen", "kitchen"]  # type: ignore[attr-defined]


def test_settings_matter_when_they_change(caplog: pytest.LogCaptureFixture) -> None:
    first, second = (SettingChanged(CLIENT, Command.SETTING_LABELCOUNT, n) for n in (3, 4))
    with caplog.at_level(logging.INFO):
        logged(first, second)
    assert caplog.messages[1:] == ["SETTING_LABELCOUNT set: 4"]


def test_the_end_of_a_frame_whose_client_has_left_is_nothing_to_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = FrameEnded(CLIENT, 3, FrameStatus.DROPPED, "gone", "nobody is left")
    with caplog.at_level(logging.DEBUG):
        logged(Left(CLIENT), ended)
    assert len(caplog.messages) == 1
