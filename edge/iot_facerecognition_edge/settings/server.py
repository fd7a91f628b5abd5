"""How the server is reached, as the settings keep it."""

from collections.abc import Mapping

from iot_facerecognition_edge.settings.connection import ConnectionSettings
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_edge.settings.values import Settings


def server_changes(
    settings: Settings, given: Mapping[str, Value | None], name: str
) -> dict[str, Value]:
    """Return the settings by key that change for what is `given`; None leaves one as it is.

    `given` has names of the group `connection`. With a `fingerprint` the server is trusted by that.
    `name` is what the server calls this device, which takes it unless it has one. Raises
    SettingError.
    """
    changes: dict[str, Value] = {
        f"connection.{key}": value for key, value in given.items() if value is not None
    }
    if given.get("fingerprint") is not None:
        changes[ConnectionSettings.tls_mode.key] = "fingerprint"
    own = settings.setting(ConnectionSettings.name.key)
    if name and settings.value(own.key) == own.default:
        changes[own.key] = name
    return {key: settings.setting(key).check(value) for key, value in changes.items()}
