"""The settings that the server holds for us: each is sent, and its echo is what holds."""

from iot_facerecognition_edge.settings.connection import ConnectionSettings, RecognitionSettings
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_edge.settings.values import Settings
from iot_facerecognition_protocol import SessionSettings, SettingValue

FIELDS = {
    ConnectionSettings.name.key: "name",
    RecognitionSettings.objects.key: "object_recognition",
    RecognitionSettings.label_count.key: "label_count",
    RecognitionSettings.deterministic.key: "deterministic_objects",
    RecognitionSettings.faces.key: "face_recognition",
    RecognitionSettings.object_threshold.key: "object_threshold",
}
"""Setting to its field of `SessionSettings`."""

_PERCENT = 100


def wanted(settings: Settings) -> SessionSettings:
    """Return what to ask of the server."""
    return SessionSettings(
        name=settings.connection.name,
        object_recognition=settings.recognition.objects,
        label_count=settings.recognition.label_count,
        deterministic_objects=settings.recognition.deterministic,
        face_recognition=settings.recognition.faces,
        object_threshold=_share(settings.recognition.object_threshold),
    )


def asked(key: str, value: Value) -> SettingValue:
    """Return what the setting `key` asks the server for when it has this value."""
    return _share(int(value)) if key == RecognitionSettings.object_threshold.key else value


def left_to_server(key: str, value: Value) -> bool:
    """Return whether the setting `key` with this value lets the server choose."""
    return asked(key, value) is None


def value_of(session: SessionSettings, key: str) -> Value:
    """Return the value that the setting `key` has in `session`."""
    if key == RecognitionSettings.object_threshold.key:
        return round((session.object_threshold or 0) * _PERCENT)
    value: Value = getattr(session, FIELDS[key])
    return value


def _share(percent: int) -> float | None:
    return percent / _PERCENT or None
