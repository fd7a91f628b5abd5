"""What a setting is: its type, range, default, unit and help."""

import math
import re
from collections.abc import Callable
from enum import StrEnum

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_protocol.records import dataclass

Value = bool | int | float | str

TEXT_LENGTH = 1000
"""Most characters of a text: paths may be long, nothing else is."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SWITCH_WORDS = {
    "on": True,
    "true": True,
    "yes": True,
    "1": True,
    "off": False,
    "false": False,
    "no": False,
    "0": False,
}


class SettingKind(StrEnum):
    """The type of a setting's value, and so the element of the form that changes it."""

    SWITCH = "switch"
    """bool"""
    NUMBER = "number"
    """int"""
    DECIMAL = "decimal"
    """float"""
    TEXT = "text"
    """str, one line"""
    CHOICE = "choice"
    """str, one of `SettingSpec.choices`"""
    COLOUR = "colour"
    """str, `#rrggbb` in small letters"""
    SECRET = "secret"  # noqa: S105 - the kind's name, not one
    """str, never shown"""
    FILE = "file"
    """str, a path; empty for none"""


class Group(StrEnum):
    """A page of the form; in the form's order."""

    CONNECTION = "connection"
    RECOGNITION = "recognition"
    CAMERA = "camera"
    DISPLAY = "display"
    STATISTICS = "statistics"
    LOG = "log"
    DEVICE = "device"
    HOOKS = "hooks"

    @property
    def heading(self) -> str:
        """What stands above the page."""
        return self.value.capitalize()


class Applies(StrEnum):
    """When a change takes effect."""

    NOW = "at once"
    ON_CONNECT = "with the next connection"
    ON_CAMERA_START = "when the camera starts next"
    ON_START = "when the program starts next"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSpec:
    """What there is to know about one setting.

    `minimum`, `maximum` and `step` are in `unit` and for numbers only. `rule` is a further check of
    a text: it returns the text in its proper form or raises ValueError with what is allowed.
    `on_screen` is off for what whoever touches the screen must not change.
    """

    group: Group
    name: str
    kind: SettingKind
    default: Value
    label: str
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    synchronised: bool = False
    applies: Applies = Applies.NOW
    on_screen: bool = True
    rule: Callable[[str], str] | None = None

    @property
    def key(self) -> str:
        """The setting's name in file, command line and code, such as `camera.width`."""
        return f"{self.group}.{self.name}"

    @property
    def allowed(self) -> str:
        """What values are allowed, in words."""
        match self.kind:
            case SettingKind.SWITCH:
                return "on or off"
            case SettingKind.CHOICE:
                return "one of " + ", ".join(self.choices)
            case SettingKind.COLOUR:
                return "a colour such as #8b0000"
            case SettingKind.NUMBER | SettingKind.DECIMAL:
                what = "a whole number" if self.kind is SettingKind.NUMBER else "a number"
                span = f" from {_plain(self.minimum)} to {_plain(self.maximum)}"
                return what + span + (f" {self.unit}" if self.unit else "")
            case _:
                return f"one line of text with at most {TEXT_LENGTH} characters"

    def check(self, value: object) -> Value:
        """Return `value` in its proper form. Raises SettingError where it is not allowed."""
        match self.kind:
            case SettingKind.SWITCH:
                good = isinstance(value, bool)
            case SettingKind.NUMBER:
                good = type(value) is int and self._within(value)
            case SettingKind.DECIMAL:
                good = type(value) in {int, float} and self._within(value)
                value = float(value) if good else value  # type: ignore[arg-type]
            case SettingKind.CHOICE:
                good = value in self.choices
            case SettingKind.COLOUR:
                value = value.lower() if isinstance(value, str) else value
                good = isinstance(value, str) and _COLOUR.fullmatch(value) is not None
            case SettingKind.TEXT | SettingKind.SECRET | SettingKind.FILE:
                return self._check_text(value)
        if not good:
            raise self._refused(value)
        return value  # type: ignore[return-value]

    def _within(self, value: object) -> bool:
        assert isinstance(value, int | float)
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        return low <= value <= high

    def _check_text(self, value: object) -> str:
        # A byte order mark comes along where a text is pasted from a file.
        text = value.strip("\ufeff \t\r\n") if isinstance(value, str) else ""
        if not isinstance(value, str) or len(text) > TEXT_LENGTH or not text.isprintable():
            raise self._refused(value)
        if self.rule is None:
            return text
        try:
            return self.rule(text)
        except ValueError as error:
            raise SettingError(f"{self.key}: {error}") from None

    def _refused(self, value: object) -> SettingError:
        shown = "that" if self.kind is SettingKind.SECRET else repr(value)[:60]
        return SettingError(f"{self.key}: must be {self.allowed}, not {shown}")

    def parse(self, text: str) -> Value:
        """Return the value that `text` spells. Raises SettingError."""
        word = text.strip()
        match self.kind:
            case SettingKind.SWITCH:
                return self.check(_SWITCH_WORDS.get(word.lower(), word))
            case SettingKind.NUMBER | SettingKind.DECIMAL:
                try:
                    return self.check(int(word) if self.kind is SettingKind.NUMBER else float(word))
                except ValueError:
                    raise self._refused(text) from None
            case _:
                return self.check(text)

    def format(self, value: Value) -> str:
        """Return `value` for people, with its unit; a secret only as set or not set."""
        match self.kind:
            case SettingKind.SWITCH:
                return "on" if value else "off"
            case SettingKind.SECRET:
                return "set" if value else "not set"
            case SettingKind.DECIMAL:
                shown = f"{value:g}"
            case _:
                shown = str(value)
        return f"{shown} {self.unit}" if self.unit else shown

    def spell(self, value: Value) -> str:
        """Return the text that `parse` reads as `value`."""
        return self.format(value) if self.kind is SettingKind.SWITCH else str(value)


def _plain(number: float | None) -> str:
    """Return `number` without exponent and without a fraction where it has none."""
    return "…" if number is None else str(int(number) if float(number).is_integer() else number)
