"""Reads the configuration: defaults, then the file, then the environment; all errors at once."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_server.config.conflicts import conflicts
from iot_facerecognition_server.config.errors import ConfigError
from iot_facerecognition_server.config.file_format import FileContents, read_file
from iot_facerecognition_server.config.schema import (
    ENVIRONMENT_PREFIX,
    Section,
    SettingSpec,
    sections_of,
)
from iot_facerecognition_server.config.sections import Config

SECTIONS: Final = sections_of(Config)
"""All sections with their settings, in the order of the file."""
_OF_THE_ORIGINAL: Final = {"GUI": {"Enable"}}
"""Keys of the original's file that are accepted and mean nothing: this server has no window."""
_SHOWN_LENGTH: Final = 80


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """An effective setting: its text, where it comes from, and its value.

    `value` is the default's where the text is not allowed; `problem` says so then.
    """

    setting: SettingSpec
    text: str
    origin: Origin
    value: Any
    problem: str | None


@dataclass(frozen=True, slots=True)
class ExaminedConfig:
    """All effective settings, and everything that is wrong."""

    settings: tuple[EffectiveSetting, ...]
    problems: tuple[str, ...]
    config: Config
    """Usable only without problems."""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Return the configuration out of the file at `path`, if any, and the environment.

    Without a file, relative paths are relative to the working directory. Raises ConfigError with
    all problems.
    """
    examination = examine(path, environ)
    if examination.problems:
        raise ConfigError(*examination.problems)
    return examination.config


def examine(path: Path | None, environ: Mapping[str, str]) -> ExaminedConfig:
    """Read file and environment; return the effective settings and what is wrong."""
    contents = FileContents({}, ()) if path is None else read_file(path)
    base = (Path() if path is None else path.parent).resolve()
    effective = [
        _effective(setting, contents, environ, path, base)
        for section in SECTIONS
        for setting in section.settings
    ]
    warnings = (*_renamed_in_file(contents, path), *_renamed_variables(environ))
    config = _build(effective, None if path is None else path.resolve(), warnings)
    problems = [*contents.problems, *_unknown_in_file(contents, path)]
    problems += [found.problem for found in effective if found.problem is not None]
    problems += _unknown_variables(environ)
    problems += conflicts(config)
    return ExaminedConfig(tuple(effective), tuple(problems), config)


def _effective(
    setting: SettingSpec,
    contents: FileContents,
    environ: Mapping[str, str],
    path: Path | None,
    base: Path,
) -> EffectiveSetting:
    text, origin, place = setting.default, Origin.DEFAULT, ""
    written = contents.sections.get(setting.section, {})
    for key in (setting.formerly, setting.key):  # of both, the present name's counts
        if key and key in written:
            text, origin = written[key], Origin.FILE
            place = f"{path}: [{setting.section}] {key}"
    for variable in (setting.former_variable, setting.variable):
        if variable in environ:
            text, origin, place = environ[variable], Origin.ENVIRONMENT, variable
    problem = f"{place}={_shown(text)}: allowed is {setting.kind.allowed}"
    if "\n" in text:
        problem += "; an indented line continues the one before it: remove the indentation"
    else:
        with suppress(ValueError):
            return EffectiveSetting(setting, text, origin, setting.kind.parse(text, base), None)
    value = setting.kind.parse(setting.default, base)
    return EffectiveSetting(setting, text, origin, value, problem)


def _build(
    effective: Iterable[EffectiveSetting], source: Path | None, warnings: tuple[str, ...]
) -> Config:
    values = {(found.setting.section, found.setting.attribute): found.value for found in effective}
    parts = {
        section.attribute: section.type(
            **{
                setting.attribute: values[section.name, setting.attribute]
                for setting in section.settings
            }
        )
        for section in SECTIONS
    }
    return Config(**parts, source=source, warnings=warnings)


def _unknown_in_file(contents: FileContents, path: Path | None) -> Iterator[str]:
    known = {section.name: section for section in SECTIONS}
    for name, keys in contents.sections.items():
        if name in _OF_THE_ORIGINAL and keys.keys() <= _OF_THE_ORIGINAL[name]:
            continue
        if name not in known:
            yield f"{path}: [{name}]: there is no such section; {_instead(name, known)}"
            continue
        allowed = [setting.key for setting in known[name].settings]
        former = [setting.formerly for setting in known[name].settings]
        for key, value in keys.items():
            if key not in allowed and key not in former:
                yield (
                    f"{path}: [{name}] {key}={_shown(value)}: there is no such key;"
                    f" {_instead(key, allowed)}{_elsewhere(key, known[name])}"
                )


def _elsewhere(key: str, section: Section) -> str:
    """Point to the other sections that have `key`."""
    others = [
        other.name
        for other in SECTIONS
        if other is not section and any(setting.key == key for setting in other.settings)
    ]
    return f" ({key} belongs to [{'], ['.join(others)}])" if others else ""


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    known = [setting.variable for section in SECTIONS for setting in section.settings]
    former = [setting.former_variable for setting in _renamed()]
    for variable in sorted(environ):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in {*known, *former}:
            nearest = difflib.get_close_matches(variable, known, n=1)
            cure = f"did you mean {nearest[0]}?" if nearest else "unset it"
            yield f"{variable}={_shown(environ[variable])}: there is no such setting; {cure}"


def _renamed() -> list[SettingSpec]:
    return [setting for section in SECTIONS for setting in section.settings if setting.formerly]


def _renamed_in_file(contents: FileContents, path: Path | None) -> Iterator[str]:
    for setting in _renamed():
        written = contents.sections.get(setting.section, {})
        if setting.formerly in written:
            both = " and is ignored, since both stand there" if setting.key in written else ""
            value = written.get(setting.key, written[setting.formerly])
            yield (
                f"{path}: [{setting.section}] {setting.formerly} is now called {setting.key}{both};"
                f" write {setting.key}={_shown(value)} instead"
            )


def _renamed_variables(environ: Mapping[str, str]) -> Iterator[str]:
    for setting in _renamed():
        if setting.former_variable in environ:
            both = " and is ignored, since both are set" if setting.variable in environ else ""
            yield (
                f"{setting.former_variable} is now called {setting.variable}{both};"
                f" set {setting.variable} instead"
            )


def _instead(wrong: str, allowed: Iterable[str]) -> str:
    """Suggest the nearest of the allowed names, or tell them all."""
    names = list(allowed)
    by_lower_case = {name.lower(): name for name in names}
    nearest = difflib.get_close_matches(wrong.lower(), by_lower_case, n=1)
    if nearest:
        return f"did you mean {by_lower_case[nearest[0]]}?"
    return "there are " + ", ".join(names)


def _shown(text: str) -> str:
    """Return `text` fit for one line of an error."""
    shown = "".join(
        character if character.isprintable() else ascii(character)[1:-1]
        for character in text[:_SHOWN_LENGTH]
    )
    return shown + ("..." if len(text) > _SHOWN_LENGTH else "")
