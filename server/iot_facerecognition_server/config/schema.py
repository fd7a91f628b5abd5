"""How a setting is declared: once, as a field of its section's dataclass.

From these declarations come parsing, validation, `config.ini` with its comments, and the reference
in the documentation.
"""

import dataclasses
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Final

from iot_facerecognition_server.config.kinds import Kind

ENVIRONMENT_PREFIX: Final = "IOT_FACERECOGNITION_"
"""Beginning of every environment variable that overrides a setting."""
_SETTING: Final = "setting"
_SECTION: Final = "section"


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One key of the configuration file.

    `attribute` is its field in the section's dataclass; `default` is text, as it would stand in the
    file. `formerly` is the key's old name, which is still read, with a warning; empty without one.
    """

    section: str
    key: str
    attribute: str
    kind: Kind
    default: str
    meaning: str
    formerly: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that overrides it: of `QSsl::KeyAlgorithm`, the last part."""
        return self._variable_of(self.key)

    @property
    def former_variable(self) -> str:
        """The same by the old name; empty without one."""
        return self._variable_of(self.formerly) if self.formerly else ""

    @property
    def place(self) -> str:
        """Section and key, as people write them."""
        return f"[{self.section}] {self.key}"

    def _variable_of(self, key: str) -> str:
        return f"{ENVIRONMENT_PREFIX}{self.section}_{key.rpartition('::')[2]}".upper()


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the configuration file; `attribute` is its field in `Config`."""

    name: str
    attribute: str
    type: type[Any]
    meaning: str
    settings: tuple[SettingSpec, ...]


def setting(key: str, kind: Kind, default: str, meaning: str, formerly: str = "") -> Any:
    """Declare a field of a section's dataclass as the setting `key`.

    `default` is text, as it would stand in the file; `meaning` is for the person who sets it. A key
    that has been renamed was `formerly` another one.
    """
    return dataclasses.field(metadata={_SETTING: (key, kind, default, meaning, formerly)})


def section(name: str) -> Any:
    """Declare a field of the configuration's dataclass as the section `name`."""
    return dataclasses.field(metadata={_SECTION: name})


def sections_of(configuration: type[Any]) -> tuple[Section, ...]:
    """Return the sections that are declared in a dataclass, in order."""
    found = []
    for field in dataclasses.fields(configuration):
        if _SECTION in field.metadata:
            name = field.metadata[_SECTION]
            assert isinstance(field.type, type), "annotate sections with the class itself"
            meaning = cleandoc(field.type.__doc__ or "")
            settings = _settings_of(name, field.type)
            found.append(Section(name, field.name, field.type, meaning, settings))
    return tuple(found)


def _settings_of(name: str, declared: type[Any]) -> tuple[SettingSpec, ...]:
    found = []
    for field in dataclasses.fields(declared):
        key, *rest = field.metadata[_SETTING]
        found.append(SettingSpec(name, key, field.name, *rest))
    return tuple(found)
