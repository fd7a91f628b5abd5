"""How settings are kept: one small JSON file, written whole or not at all."""

import json
import os
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError, SettingError
from iot_facerecognition_edge.settings.catalogue import setting
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_protocol.records import dataclass

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: `values` are all allowed, `problems` are sentences for the log."""

    values: dict[str, Value]
    problems: tuple[str, ...] = ()


class SettingsFile:
    """The file with the settings that differ from their defaults; it holds the token: mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Loaded:
        """Read the file. A damaged one is set aside and a wrong value left out, with a problem.

        Raises EdgeError where the file is there but may not be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return Loaded({})
        except OSError as error:
            raise EdgeError(
                f"settings: {self.path} cannot be read ({error.strerror}); run as its owner"
            ) from error
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            return Loaded({}, (self._set_aside(str(error)),))
        stored = document.get("settings") if isinstance(document, dict) else None
        if not isinstance(stored, dict) or document.get("format") != _FORMAT:
            return Loaded({}, (self._set_aside(f"it is not of format {_FORMAT}"),))
        values: dict[str, Value] = {}
        problems: list[str] = []
        for key, value in stored.items():
            try:
                values[key] = setting(key).check(value)
            except SettingError as error:
                problems.append(f"settings: left out of {self.path}: {error}")
        return Loaded(values, tuple(problems))

    def _set_aside(self, why: str) -> str:
        aside = self.path.with_name(self.path.name + ".damaged")
        self.path.replace(aside)
        return f"settings: {self.path} was damaged ({why}), defaults are used; kept as {aside.name}"

    def save(self, values: dict[str, Value]) -> None:
        """Replace the file by one with `values`; a power cut leaves either the old or the new.

        Raises EdgeError when the disk is full, read-only or not ours.
        """
        content = json.dumps({"format": _FORMAT, "settings": values}, indent=1, sort_keys=True)
        partial = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, 0o600)
                file.write(content + "\n")
                file.flush()
                os.fsync(descriptor)
            partial.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise EdgeError(
                f"settings: {self.path} cannot be written ({error.strerror}); "
                "they hold until the program ends"
            ) from error
