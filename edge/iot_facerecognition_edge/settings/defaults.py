"""This machine's defaults: a file of its administrator with other defaults than the program's.

A person's settings are kept apart from it (`file`), so that an upgrade or the administrator can
change the one without the other.
"""

from pathlib import Path

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings.entered import entered
from iot_facerecognition_edge.settings.file import Loaded
from iot_facerecognition_edge.settings.setting import Value
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
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        try:
            values |= _line(words)
        except SettingError as error:
            problems.append(f"defaults: left out line {number} of {path}: {error}")
    return Loaded(values, tuple(problems))


def _line(words: str) -> dict[str, Value]:
    """Return the values by key that one line stands for. Raises SettingError."""
    key, equals, value = words.partition("=")
    if not equals:
        raise SettingError("it is no KEY = VALUE such as camera.fps = 10")
    return entered(key.strip(), value.strip())
