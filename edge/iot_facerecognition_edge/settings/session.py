"""The settings that the server holds for us: each is sent, and its echo is what holds."""

from iot_facerecognition_edge.settings.connection import ConnectionSettings, RecognitionSettings
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_edge.settings.values import Settings
from iot_facerecognition_protocol import SessionSettings

FIELDS = {
    ConnectionSettings.name.key: "name",
    RecognitionSettings.objects.key: "object_recognition",
    RecognitionSettings.label_count.key: "label_count",
    RecognitionSettings.deterministic.key: "deterministic_objects",
    RecognitionSettings.faces.key: "face_recognition",
}
"""Setting to its field of `SessionSettings`."""


def wanted(settings: Settings) -> SessionSettings:
    """Return what to ask of the server."""
    return SessionSettings(
        name=settings.connection.name,
        object_recognition=settings.recognition.objects,
        label_count=settings.recognition.label_count,
        deterministic_objects=settings.recognition.deterministic,
        face_recognition=settings.recognition.faces,
    )


def value_of(session: SessionSettings, key: str) -> Value:
    """Return the value that the setting `key` has in `session`."""
    value: Value = getattr(session, FIELDS[key])
    return value
