"""One client's protocol, without a socket."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import Command, DropReason, ErrorCode, Health, Limits, Version
from iot_facerecognition_server.frames import ObjectsWanted, Wants
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.events import (
    FrameEnded,
    HealthReceived,
    Ignored,
    Refused,
    Renamed,
    SettingChanged,
    TextOutcome,
)
from iot_facerecognition_server.sessions.session import Session
from tests.server.connected_clients import connected
from tests.server.recognised_faces import recognised

LIMITS = Limits(frame_bytes=1000, text_bytes=500, frame_rate=0)


class Peer:
    """A session and what it sent."""

    def __init__(
        self,
        version: Version = Version.V2,
        labels: int = 1000,
        limits: Limits = LIMITS,
        object_interval: float = 0.0,
        object_threshold: float = 0.0,
    ) -> None:
        self.sent: list[dict[str, Any]] = []
        self.session = Session(
            connected(1, version),
            lambda text: self.sent.append(json.loads(text)),
            limits=limits,
            object_labels=labels,
            object_interval=object_interval,
            object_threshold=object_threshold,
        )

    def text(self, command: int, context: object) -> Any:
        return self.session.receive_text(json.dumps({"command": command, "context": context}))


@pytest.mark.parametrize("version", list(Version))
def test_server_asks_for_settings_first(version: Version) -> None:
    peer = Peer(version)
    peer.session.open()
    assert peer.sent == [{"command": 9}]


def test_window_is_announced_to_version_2_only() -> None:
    for version, asked in (
        (Version.V1, {"command": 9}),
        (Version.V2, {"command": 9, "context": {"window": 2}}),
    ):
        sent: list[str] = []
        session = Session(
            connected(1, version),
            sent.append,
            limits=LIMITS,
            object_labels=0,
            object_interval=0.0,
            window=2,
        )
        session.open()
        assert [json.loads(text) for text in sent] == [asked]


@pytest.mark.parametrize(
    ("command", "asked", "held"),
    [
        (1, "kitchen", "kitchen"),
        (1, "", "noname"),
        (1, "two\nlines\x1b[2J", "two lines [2J"),
        (1, "x" * 1_000, "x" * 64),
        (5, False, False),
        (6, 3, 3),
        (6, 0, 1),
        (6, -1, 1),
        (6, 100_000, 1000),
        (6, 10**40, 1000),
        (7, True, True),
        (8, False, False),
    ],
)
def test_setting_is_echoed_with_the_value_that_holds(
    command: int, asked: object, held: object
) -> None:
    peer = Peer(Version.V1)
    limits = Limits(frame_bytes=1, text_bytes=5000, frame_rate=0)
    peer = Peer(Version.V1, limits=limits)
    event = peer.text(command, asked)
    assert isinstance(event, Renamed if command == 1 else SettingChanged)
    assert peer.sent == [{"command": command, "context": held}]


@pytest.mark.parametrize(
    ("command", "asked", "held"),
    [(6, "abc", 5), (6, None, 5), (6, 2.5, 5), (5, "yes", True), (8, 1, True), (1, 7, "?")],
)
def test_wrong_type_is_answered_with_the_value_that_still_holds(
    command: int, asked: object, held: object
) -> None:
    for version in Version:
        peer = Peer(version)
        event = peer.text(command, asked)
        assert isinstance(event, Refused)
        assert event.code is ErrorCode.MALFORMED_MESSAGE
        assert peer.sent[0] == {"command": command, "context": held}
        assert len(peer.sent) == (1 if version is Version.V1 else 2)
        if version is Version.V2:
            assert peer.sent[1]["command"] == 11


def test_label_count_is_bounded_by_the_classifier() -> None:
    peer = Peer(labels=10)
    peer.text(6, 50)
    assert peer.sent == [{"command": 6, "context": 10}]


RIGHT_CONTEXTS: dict[int, object] = {
    3: [],
    4: [],
    10: {"frame": 1, "status": "processed"},
    11: {"code": "x", "message": "y"},
    14: {"version": "1", "attempt": "a"},
}


@pytest.mark.parametrize("context", ["right", 5, "text", None, [7], {"frame": "one"}])
@pytest.mark.parametrize("command", [3, 4, 9, 10, 11, 14, 99, 2**70])
def test_commands_that_are_not_for_a_server_are_ignored_whatever_their_context(
    command: int, context: object
) -> None:
    for version in Version:
        peer = Peer(version)
        event = peer.text(command, RIGHT_CONTEXTS.get(command) if context == "right" else context)
        assert isinstance(event, Ignored)
        assert peer.sent == []


def test_health_is_taken_without_the_fields_that_are_wrong() -> None:
    peer = Peer()
    event = peer.text(12, {"cpu_temperature": "hot", "uptime": 5})
    assert isinstance(event, HealthReceived)
    assert event.health == Health(uptime=5.0)
    assert event.refused is not None
    assert event.refused.code is ErrorCode.MALFORMED_MESSAGE
    (error,) = peer.sent
    assert error["context"]["message"] == 'HEALTH: cpu_temperature must be a number, not "hot"'


def test_acknowledged_update_is_told_over_version_2_only() -> None:
    for version in Version:
        peer = Peer(version)
        peer.session.acknowledge_update("1.3.0", "b1")
        told = [{"command": 14, "context": {"version": "1.3.0", "attempt": "b1"}}]
        assert peer.sent == (told if version is Version.V2 else [])


def test_text_beyond_the_limit_is_fatal() -> None:
    peer = Peer()
    event = peer.session.receive_text("x" * 501)
    assert isinstance(event, Refused)
    assert event.fatal
    assert peer.sent[0]["context"]["code"] == "text-too-large"


def test_frames_are_numbered_by_arrival_refused_ones_too() -> None:
    peer = Peer()
    assert isinstance(peer.session.receive_frame(b"", 0.0), FrameEnded)
    assert isinstance(peer.session.receive_frame(b"x" * 1001, 0.0), FrameEnded)
    passed = peer.session.receive_frame(b"jpeg", 2.5)
    assert passed == ArrivedFrame(session=1, number=3, jpeg=b"jpeg", received=2.5)
    done = [message["context"] for message in peer.sent if message["command"] == 10]
    assert [(d["frame"], d["status"], d["reason"]) for d in done] == [
        (1, "rejected", "frame-empty"),
        (2, "rejected", "frame-too-large"),
    ]


def test_frames_past_the_rate_are_dropped_and_give_back_their_credit() -> None:
    peer = Peer(limits=Limits(frame_rate=2))
    outcomes = [peer.session.receive_frame(b"x", now) for now in (0.0, 0.1, 0.2, 1.0)]
    assert [isinstance(outcome, ArrivedFrame) for outcome in outcomes] == [True, True, False, True]
    assert peer.sent[-1]["context"]["reason"] == "frame-rate"


def test_faces_without_faces_are_only_for_version_2() -> None:
    for version, count in ((Version.V1, 0), (Version.V2, 1)):
        peer = Peer(version)
        peer.session.faces_found(1, ())
        assert len(peer.sent) == count


def test_version_1_gets_the_original_s_fields_only() -> None:
    peer = Peer(Version.V1)
    face = recognised("ann", 1, 2, 3, 4, distance=0.3, score=1.0, track=9)
    peer.session.faces_found(5, (face,))
    peer.session.processed(5, 0.001, 0.002)
    face_fields = {"tag": "ann", "x": 1, "y": 2, "width": 3, "height": 4}
    assert peer.sent == [{"command": 3, "context": [face_fields]}]


def test_text_over_the_budget_is_ignored_and_told_now_and_then() -> None:
    peer = Peer()
    for now in (0.5, 1.0, 9.0, 10.6):
        assert peer.session.ignore_text(now).code is ErrorCode.RATE
    assert [sent["context"]["code"] for sent in peer.sent] == ["rate", "rate"]
    old = Peer(Version.V1)
    old.session.ignore_text(1.0)
    assert old.sent == []


def test_a_frame_over_the_identity_s_budget_is_dropped_and_gives_back_its_credit() -> None:
    peer = Peer()
    ended = peer.session.receive_frame(b"jpeg", 1.0, within_budget=False)
    assert isinstance(ended, FrameEnded)
    assert "[Budget] FrameRate" in ended.message
    assert peer.sent[-1]["context"]["reason"] == "frame-rate"


def test_wants_follow_the_settings() -> None:
    peer = Peer(labels=1000)
    assert peer.session.wants(0.0) == Wants(True, ObjectsWanted(5, deterministic=False))
    peer.text(5, False)
    assert peer.session.wants(0.0) == Wants(True, None)
    peer.text(8, False)
    assert peer.session.wants(0.0) is DropReason.SWITCHED_OFF


@pytest.mark.parametrize(
    ("asked", "held"),
    [(0.6, 0.6), (0, 0.0), (1, 1.0), (-2, 0.0), (7.5, 1.0), (None, 0.3)],
)
def test_least_probability_of_a_label_is_the_client_s_own_else_the_server_s(
    asked: float | None, held: float
) -> None:
    peer = Peer(object_threshold=0.3)
    assert peer.session.wants(0.0) == Wants(True, ObjectsWanted(5, False, threshold=0.3))
    peer.text(15, 0.9)
    event = peer.text(15, asked)
    assert event == SettingChanged(peer.session.client, Command.SETTING_OBJECTTHRESHOLD, held)
    assert peer.sent[1:] == [{"command": 15, "context": held}]
    assert peer.session.wants(0.0) == Wants(True, ObjectsWanted(5, False, threshold=held))


def test_a_wrong_threshold_is_answered_with_the_one_that_still_holds() -> None:
    peer = Peer(object_threshold=0.3)
    assert isinstance(peer.text(15, "most"), Refused)
    assert peer.sent[0] == {"command": 15, "context": 0.3}
    assert peer.sent[1]["context"]["code"] == "malformed-message"


def test_version_1_gets_the_best_labels_however_improbable_they_are() -> None:
    peer = Peer(Version.V1, object_threshold=0.3)
    assert isinstance(peer.text(15, 0.9), Ignored)
    assert isinstance(peer.text(15, "most"), Refused)
    assert peer.sent == []
    assert peer.session.wants(0.0) == Wants(True, ObjectsWanted(5, False, threshold=0.0))


def test_objects_are_wanted_at_their_interval_only() -> None:
    peer = Peer(object_interval=0.5)
    wanted = [peer.session.wants(now) for now in (10.0, 10.4, 10.5, 10.9)]
    searched = [isinstance(wants, Wants) and wants.objects is not None for wants in wanted]
    assert searched == [True, False, True, False]


def test_objects_alone_are_not_due_between_their_intervals_and_while_one_frame_is_searched() -> (
    None
):
    peer = Peer(object_interval=0.5)
    peer.text(8, False)
    assert isinstance(peer.session.wants(10.0), Wants)
    assert peer.session.wants(10.4) is DropReason.NOT_DUE
    assert peer.session.wants(10.6, objects_free=False) is DropReason.NOT_DUE
    assert isinstance(peer.session.wants(10.6), Wants)


def test_objects_that_nobody_can_recognise_are_switched_off() -> None:
    peer = Peer(labels=0)
    peer.text(8, False)
    assert peer.session.wants(0.0) is DropReason.SWITCHED_OFF


@given(st.text())
def test_any_text_is_answered_and_never_raises(text: str) -> None:
    for version in Version:
        event = Peer(version).session.receive_text(text)
        assert isinstance(event, TextOutcome)
