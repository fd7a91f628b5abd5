"""How settings are kept: one small JSON file, written whole or not at all."""

import json
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError, SettingError
from iot_facerecognition_edge.settings.catalogue import setting
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_protocol.records import dataclass
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import (
    end_of_links,
    make_folder,
    sweep,
    write_file,
)

_FORMAT = 1
_LARGEST = 1_000_000
"""Bytes of a file that is read: a thousand times what all settings take."""
_FOLDER = 0o750
_EARLIER = ".new"
"""How earlier versions ended the name of the file that they wrote."""


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
            content = read_regular(self.path, _LARGEST)
        except FileNotFoundError:
            return Loaded({})
        except OSError as error:
            cure = "run as its owner" if isinstance(error, PermissionError) else "remove it"
            raise EdgeError(
                f"settings: {self.path} cannot be read ({error.strerror}); {cure}"
            ) from error
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            return Loaded({}, (self._set_aside(content, str(error)),))
        stored = document.get("settings") if isinstance(document, dict) else None
        if not isinstance(stored, dict) or document.get("format") != _FORMAT:
            return Loaded({}, (self._set_aside(content, f"it is not of format {_FORMAT}"),))
        values: dict[str, Value] = {}
        problems: list[str] = []
        for key, value in stored.items():
            try:
                values[key] = setting(key).check(value)
            except SettingError as error:
                problems.append(f"settings: left out of {self.path}: {error}")
        return Loaded(values, tuple(problems))

    def _set_aside(self, content: bytes, why: str) -> str:
        aside = self.path.with_name(self.path.name + ".damaged")
        problem = f"settings: {self.path} was damaged ({why}), defaults are used"
        try:
            write_file(aside, content)
            end_of_links(self.path).unlink()
        except OSError as error:  # read-only, or mounted alone: it stays and is written over
            return f"{problem}; it stays where it is ({error.strerror})"
        return f"{problem}; kept as {aside.name}"

    def sweep(self) -> tuple[str, ...]:
        """Remove what a crash left half written: it may hold the token. Raises EdgeError.

        Returns a sentence for each complete file whose contents may not all have got into this one.
        """
        try:
            unfinished = sweep(self.path)
            self.path.with_name(self.path.name + _EARLIER).unlink(missing_ok=True)
        except OSError as error:
            raise EdgeError(
                f"settings: what a crash left in {self.path.parent} stays there ({error.strerror})"
            ) from error
        return tuple(
            f"settings: a change of {self.path} was cut short; {complete} has all of it: copy that"
            " over the file, or remove it"
            for complete in unfinished
        )

    def save(self, values: dict[str, Value]) -> None:
        """Replace the file by one with `values`; a power cut leaves either the old or the new.

        Raises EdgeError when the disk is full, read-only or not ours.
        """
        content = json.dumps({"format": _FORMAT, "settings": values}, indent=1, sort_keys=True)
        try:
            make_folder(self.path.parent, _FOLDER)
            write_file(self.path, content.encode() + b"\n")
        except OSError as error:
            raise EdgeError(
                f"settings: {self.path} cannot be written ({error.strerror}); "
                "they hold until the program ends"
            ) from error
