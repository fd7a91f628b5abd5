"""The settings that the server holds for us: each is sent, and its echo is what holds."""

from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_edge.settings.values import Settings
from iot_facerecognition_protocol import SessionSettings

FIELDS = {
    "connection.name": "name",
    "recognition.objects": "object_recognition",
    "recognition.label_count": "label_count",
    "recognition.deterministic": "deterministic_objects",
    "recognition.faces": "face_recognition",
}
"""Setting to its field of `SessionSettings`."""


def wanted(settings: Settings) -> SessionSettings:
    """Return what to ask of the server."""
    return SessionSettings(
        name=settings.text("connection.name"),
        object_recognition=settings.switch("recognition.objects"),
        label_count=settings.number("recognition.label_count"),
        deterministic_objects=settings.switch("recognition.deterministic"),
        face_recognition=settings.switch("recognition.faces"),
    )


def value_of(session: SessionSettings, key: str) -> Value:
    """Return the value that the setting `key` has in `session`."""
    value: Value = getattr(session, FIELDS[key])
    return value
