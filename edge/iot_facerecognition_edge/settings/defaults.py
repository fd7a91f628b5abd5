"""Files of `KEY = VALUE` lines: this machine's defaults, and changes that are read from a file.

The defaults are an administrator's, other ones than the program's. A person's settings are kept
apart from them (`file`), so that an upgrade or the administrator can change the one without the
other.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings.entered import entered
from iot_facerecognition_edge.settings.file import Loaded
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_edge.settings.values import Settings
from iot_facerecognition_protocol.system.regular_file import read_regular

_LARGEST = 1_000_000
"""Bytes of a file that is read."""


def read_defaults(path: Path) -> Loaded:
    """Read lines of `KEY = VALUE` and comments (#); no file is as good as an empty one.

    What is wrong is left out and told: the appliance starts with the rest, since a screen is where
    a person learns of it.
    """
    try:
        text = read_regular(path, _LARGEST).decode("utf-8-sig", errors="replace")
    except FileNotFoundError:
        return Loaded({})
    except OSError as error:
        return Loaded({}, (f"defaults: {path} cannot be read ({error.strerror}); it is left out",))
    values: dict[str, Value] = {}
    problems: list[str] = []
    for number, words in _lines(text):
        try:
            values |= _line(words)
        except SettingError as error:
            problems.append(f"defaults: left out line {number} of {path}: {error}")
    return Loaded(values, tuple(problems))


def read_changes(place: str, held: Settings) -> dict[str, Value]:
    """Return the values by key in the file at `place`; `-` is the standard input.

    `held` are the present ones. Raises SettingError for the first line that is wrong: half of what
    was meant is not kept.
    """
    try:
        content = (
            sys.stdin.buffer.read(_LARGEST) if place == "-" else read_regular(Path(place), _LARGEST)
        )
    except OSError as error:
        raise SettingError(f"{place} cannot be read ({error.strerror}); correct its path") from None
    where = "the input" if place == "-" else place
    values: dict[str, Value] = {}
    for number, words in _lines(content.decode("utf-8-sig", errors="replace")):
        try:
            values |= _line(words, held)
        except SettingError as error:
            raise SettingError(f"line {number} of {where}: {error}") from None
    return values


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number and the words of each line that has some and is no comment."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if words and not words.startswith("#"):
            yield number, words


def _line(words: str, held: Settings | None = None) -> dict[str, Value]:
    """Return the values by key that one line stands for. Raises SettingError."""
    key, equals, value = words.partition("=")
    if not equals:
        raise SettingError("it is no KEY = VALUE such as camera.fps = 10")
    return entered(key.strip(), value.strip(), held)
