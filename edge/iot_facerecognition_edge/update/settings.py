"""`update.conf`: what the device may do by itself in pull mode."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_protocol.system.regular_file import read_regular

_LARGEST = 100_000
NEWEST = "newest"
_SWITCHES = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class PullSettings:
    """What stands in the file; times are in seconds.

    `version` is `newest`, or the one version that this device is to go to and then stay at.
    """

    version: str = NEWEST
    patience: float = 3600.0
    even_if_in_use: bool = False
    probation: float = 300.0


def read_settings(path: Path) -> PullSettings:
    """Return the settings in `path`, the defaults where there is no file.

    Raises UpdateError for a line that means nothing: guessing might update what must not be.
    """
    try:
        text = read_regular(path, _LARGEST).decode("utf-8")
    except FileNotFoundError:
        return PullSettings()
    except (OSError, ValueError) as error:
        raise UpdateError(f"{path} cannot be read: {error}") from error
    settings = PullSettings()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        key, equals, value = (part.strip() for part in words.partition("="))
        if not equals or key not in _READ:
            known = ", ".join(_READ)
            raise UpdateError(f"{path}, line {number}: write KEY = VALUE; there are {known}")
        try:
            change: dict[str, Any] = {key: _READ[key](value)}
        except ValueError as error:
            raise UpdateError(f"{path}, line {number}: {key}: {error}") from error
        settings = replace(settings, **change)
    return settings


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _MOST_SECONDS:
        raise ValueError(f"{text!r} is no number of seconds from 0 to {_MOST_SECONDS:.0f}")
    return value


def _switch(text: str) -> bool:
    if text not in _SWITCHES:
        raise ValueError(f"{text!r} is neither yes nor no")
    return _SWITCHES[text]


def _version(text: str) -> str:
    if text != NEWEST and not text[:1].isdigit():
        raise ValueError(f"{text!r} is neither {NEWEST} nor a version")
    return text


_MOST_SECONDS = 86400.0
_READ: dict[str, Callable[[str], object]] = {
    "version": _version,
    "patience": _seconds,
    "even_if_in_use": _switch,
    "probation": _seconds,
}
