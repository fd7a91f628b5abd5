"""The list of all settings: form, file, command line and synchronisation are made from it."""

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings.camera import CameraSettings
from iot_facerecognition_edge.settings.connection import ConnectionSettings, RecognitionSettings
from iot_facerecognition_edge.settings.device import (
    DeviceSettings,
    HookSettings,
    LogSettings,
    StatisticsSettings,
)
from iot_facerecognition_edge.settings.display import DisplaySettings
from iot_facerecognition_edge.settings.page import SettingsPage
from iot_facerecognition_edge.settings.setting import Group, SettingSpec

_PAGES: tuple[type[SettingsPage], ...] = (
    ConnectionSettings,
    RecognitionSettings,
    CameraSettings,
    DisplaySettings,
    StatisticsSettings,
    LogSettings,
    DeviceSettings,
    HookSettings,
)

CATALOGUE: tuple[SettingSpec, ...] = tuple(spec for page in _PAGES for spec in page.specs())
"""All settings, in the order of the form."""

_BY_KEY = {entry.key: entry for entry in CATALOGUE}


def setting(key: str) -> SettingSpec:
    """Return the setting `key`. Raises SettingError for a key that is none."""
    try:
        return _BY_KEY[key]
    except KeyError:
        raise SettingError(f"there is no setting {key!r}; `settings show` lists them all") from None


def in_group(group: Group) -> tuple[SettingSpec, ...]:
    """Return the settings of one page of the form, in its order."""
    return tuple(entry for entry in CATALOGUE if entry.group is group and entry.on_screen)
