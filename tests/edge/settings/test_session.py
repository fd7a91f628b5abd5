"""Which settings the server holds."""

import pytest

from iot_facerecognition_edge.settings import (
    CATALOGUE,
    Settings,
)
from iot_facerecognition_edge.settings.session import (
    FIELDS,
    asked,
    left_to_server,
    value_of,
    wanted,
)
from iot_facerecognition_protocol import SessionSettings


def test_synchronised_settings_are_those_of_the_session() -> None:
    assert {entry.key for entry in CATALOGUE if entry.synchronised} == set(FIELDS)
    settings = Settings({"connection.name": "kitchen", "recognition.label_count": 3})
    session = wanted(settings)
    assert session == SessionSettings(name="kitchen", label_count=3)
    assert all(value_of(session, key) == settings.value(key) for key in FIELDS)


THRESHOLD = "recognition.object_threshold"


@pytest.mark.parametrize("percent", [0, 1, 7, 29, 30, 57, 58, 99, 100])
def test_the_object_threshold_is_percent_here_and_a_probability_at_the_server(percent: int) -> None:
    session = wanted(Settings({THRESHOLD: percent}))
    assert session.object_threshold == asked(THRESHOLD, percent)
    assert value_of(session, THRESHOLD) == percent
    if percent:
        assert session.object_threshold == pytest.approx(percent / 100)


def test_only_an_object_threshold_of_0_leaves_the_choice_to_the_server() -> None:
    assert asked(THRESHOLD, 0) is None
    assert left_to_server(THRESHOLD, 0)
    assert not left_to_server(THRESHOLD, 1)
    settings = Settings()
    for key in set(FIELDS) - {THRESHOLD}:
        assert asked(key, settings.value(key)) == settings.value(key)
        assert not left_to_server(key, settings.value(key))
    assert not left_to_server("recognition.faces", False)
