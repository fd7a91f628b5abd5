"""Every setting of the appliance, in one typed list.

- `setting`: what a setting is: type, range, default, unit, help.
- `catalogue`: the list, from which form, file, command line and synchronisation are made.
- `entered`: what a person means by a text.
- `server`: how the server is reached.
- `values`: the values that hold, observable.
- `file`: how they are kept.
- `defaults`: files of lines: a machine's own defaults, and changes that are read from a file.
- `session`: the five of them that the server holds for us.
"""

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings.catalogue import CATALOGUE, in_group, setting
from iot_facerecognition_edge.settings.defaults import read_changes, read_defaults
from iot_facerecognition_edge.settings.entered import entered
from iot_facerecognition_edge.settings.file import SettingsFile
from iot_facerecognition_edge.settings.setting import Applies, Group, Kind, Setting, Value
from iot_facerecognition_edge.settings.values import SettingChanged, Settings

__all__ = [
    "CATALOGUE",
    "Applies",
    "Group",
    "Kind",
    "Setting",
    "SettingChanged",
    "SettingError",
    "Settings",
    "SettingsFile",
    "Value",
    "entered",
    "in_group",
    "read_changes",
    "read_defaults",
    "setting",
]
