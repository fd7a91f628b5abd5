"""Every setting of the appliance, in one typed list.

- `setting`: what there is to know about a setting: type, range, default, unit, help.
- `page`: how a page of them is declared, so that type checkers know each one.
- `connection`, `camera`, `display`, `device`: the pages.
- `catalogue`: all of them in one list, from which form, file and command line are made.
- `values`: the effective values, observable; `settings.camera.fps` is an int.
- `entered`: what a person means by a text; `labels`: the words of the form for it.
- `pin`: how a PIN is kept.
- `server`: how the server is reached; `session`: the settings that the server holds for us.
- `file`: how they are kept, `keeper` when.
- `defaults`: files of lines: a machine's own defaults, and changes that are read from a file.
"""

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings.catalogue import CATALOGUE, in_group, setting
from iot_facerecognition_edge.settings.defaults import read_changes, read_defaults
from iot_facerecognition_edge.settings.entered import entered
from iot_facerecognition_edge.settings.file import SettingsFile
from iot_facerecognition_edge.settings.setting import (
    Applies,
    Group,
    SettingKind,
    SettingSpec,
    Value,
)
from iot_facerecognition_edge.settings.values import SettingChanged, Settings

__all__ = [
    "CATALOGUE",
    "Applies",
    "Group",
    "SettingChanged",
    "SettingError",
    "SettingKind",
    "SettingSpec",
    "Settings",
    "SettingsFile",
    "Value",
    "entered",
    "in_group",
    "read_changes",
    "read_defaults",
    "setting",
]
