"""Which settings the server holds."""

from iot_facerecognition_edge.settings import (
    CATALOGUE,
    Settings,
)
from iot_facerecognition_edge.settings.session import FIELDS, value_of, wanted
from iot_facerecognition_protocol import SessionSettings


def test_synchronised_settings_are_those_of_the_session() -> None:
    assert {entry.key for entry in CATALOGUE if entry.synchronised} == set(FIELDS)
    settings = Settings({"connection.name": "kitchen", "recognition.label_count": 3})
    session = wanted(settings)
    assert session == SessionSettings(name="kitchen", label_count=3)
    assert all(value_of(session, key) == settings.value(key) for key in FIELDS)
