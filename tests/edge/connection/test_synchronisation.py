"""Settings that the server holds: what is kept here, what is effective, and what is pending."""

from typing import Any

import pytest

from iot_facerecognition_edge.connection.synchronisation import Synchronisation
from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.events import Event
from iot_facerecognition_edge.settings import SettingChanged, Settings, Value

COUNT = "recognition.label_count"
THRESHOLD = "recognition.object_threshold"


class Server:
    """Remembers what it is asked for, and answers when a test lets it."""

    def __init__(self) -> None:
        self.connected = True
        self.asked: list[tuple[str, Value]] = []
        self.open: set[str] = set()
        self.said: dict[str, Value] = {}

    def set(self, key: str, value: Value) -> None:
        self.asked.append((key, value))
        if value != self.said.get(key):
            self.open.add(key)

    def pending(self, key: str) -> bool:
        return key in self.open

    def held(self, key: str) -> Value | None:
        return self.said.get(key)


class Bench:
    """A synchronisation between settings and a server, and what it tells."""

    def __init__(self, stored: dict[str, Any] | None = None) -> None:
        self.settings = Settings(stored)
        self.server = Server()
        self.events: list[Event] = []
        self.warnings: list[str] = []
        self.synchronisation = Synchronisation(
            self.settings,
            self.server,
            publish=self.events.append,
            warned=self.warnings.append,
        )

    def answer(self, field: str, held: Value, key: str = COUNT, *, last: bool = True) -> None:
        """Let the server answer the question about `key`, the last one unless it says so."""
        if last:
            self.server.open.discard(key)
        self.server.said[key] = held
        self.synchronisation.answered(field)


def test_a_change_is_kept_at_once_and_effective_when_the_server_says_so() -> None:
    bench = Bench()
    bench.settings.set(COUNT, 9)
    assert bench.server.asked == [(COUNT, 9)]
    assert bench.settings.recognition.label_count == 9
    assert bench.synchronisation.pending(COUNT)
    bench.answer("label_count", 9)
    assert not bench.synchronisation.pending(COUNT)
    assert bench.synchronisation.effective(COUNT) == 9


def test_the_servers_last_word_stays_effective_while_it_has_not_answered() -> None:
    bench = Bench()
    bench.answer("label_count", 5)
    bench.settings.set(COUNT, 9)
    assert bench.synchronisation.effective(COUNT) == 5
    bench.answer("label_count", 9)
    assert bench.synchronisation.effective(COUNT) == 9
    assert bench.events[-1] == SettingChanged(COUNT, 9, 9)


def test_another_value_than_the_one_asked_for_is_kept() -> None:
    bench = Bench({COUNT: 9})
    bench.answer("label_count", 4)
    assert bench.settings.recognition.label_count == 4
    assert bench.events == [SettingChanged(COUNT, 9, 4)]
    assert bench.warnings == []


def test_an_answer_to_an_earlier_question_leaves_what_a_person_has_chosen_since() -> None:
    """A slider asks for many values in a row; the echo of the first is not the last word."""
    bench = Bench()
    bench.settings.set(COUNT, 7)
    bench.settings.set(COUNT, 8)
    bench.answer("label_count", 7, last=False)
    assert bench.settings.recognition.label_count == 8
    assert bench.synchronisation.pending(COUNT)
    bench.answer("label_count", 8)
    assert bench.settings.recognition.label_count == 8


def test_an_answer_without_a_change_is_published_since_nothing_is_pending_any_more() -> None:
    bench = Bench({COUNT: 5})
    bench.answer("label_count", 5)
    assert bench.events == [SettingChanged(COUNT, 5, 5)]


def test_a_value_that_is_not_allowed_here_is_reported_and_effective_all_the_same() -> None:
    bench = Bench({COUNT: 5})
    bench.answer("label_count", -3)
    assert bench.settings.recognition.label_count == 5
    assert bench.synchronisation.effective(COUNT) == -3
    (warning,) = bench.warnings
    assert COUNT in warning


def test_a_change_that_is_not_allowed_reaches_nobody() -> None:
    bench = Bench()
    with pytest.raises(SettingError):
        bench.settings.set(COUNT, -1)
    assert bench.server.asked == []
    assert bench.settings.recognition.label_count == 5


def test_what_the_server_does_not_hold_is_changed_without_it() -> None:
    bench = Bench()
    bench.settings.set("camera.fps", 10)
    assert bench.settings.camera.fps == 10
    assert bench.server.asked == []
    assert not bench.synchronisation.pending("camera.fps")
    assert bench.synchronisation.effective("camera.fps") == 10


def test_without_a_connection_a_change_is_pending_until_the_server_has_heard_of_it() -> None:
    bench = Bench()
    bench.answer("label_count", 5)
    bench.server.connected = False
    bench.settings.set(COUNT, 9)
    bench.server.open.clear()  # there is nobody to answer
    assert bench.synchronisation.pending(COUNT)
    bench.server.connected = True
    bench.answer("label_count", 9)
    assert not bench.synchronisation.pending(COUNT)


def test_what_is_left_to_the_server_is_effective_and_not_kept_as_a_wish() -> None:
    """An administrator who changes the server's threshold later changes it for this edge too."""
    bench = Bench()
    bench.answer("object_threshold", 30, THRESHOLD)
    assert bench.synchronisation.effective(THRESHOLD) == 30
    assert bench.settings.recognition.object_threshold == 0
    bench.server.connected = False
    assert not bench.synchronisation.pending(THRESHOLD)


def test_a_threshold_of_ones_own_is_kept_as_the_server_holds_it() -> None:
    bench = Bench()
    bench.settings.set(THRESHOLD, 60)
    assert bench.server.asked == [(THRESHOLD, 60)]
    bench.answer("object_threshold", 50, THRESHOLD)
    assert bench.settings.recognition.object_threshold == 50
