"""A page of settings as a class, so that type checkers know the name and the type of each one.

    class LogSettings(SettingsPage):
        group = Group.LOG
        file_size = number(1024, minimum=64, …)

On the class an attribute is the description (`LogSettings.file_size.key` is "log.file_size"), on
an instance it is the value: `settings.log.file_size` is an int.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Required, TypedDict, TypeVar, Unpack, overload

from iot_facerecognition_edge.settings.setting import (
    Applies,
    Group,
    SettingKind,
    SettingSpec,
    Value,
)

_T = TypeVar("_T", bool, int, float, str)


class Common(TypedDict, total=False):
    """What every setting is described by; see `SettingSpec`."""

    label: Required[str]
    help: Required[str]
    unit: str
    synchronised: bool
    applies: Applies
    on_screen: bool


class Bounds(Common, total=False):
    """What a number is described by in addition."""

    minimum: Required[float]
    maximum: Required[float]
    step: Required[float]


class Ruled(Common, total=False):
    """What a text is described by in addition."""

    rule: Callable[[str], str]


class Declared(Generic[_T]):
    """One setting of a page."""

    spec: SettingSpec

    def __init__(self, kind: SettingKind, default: _T, **given: Any) -> None:
        self._kind = kind
        self._default: Value = default
        self._given = given

    def __set_name__(self, owner: "type[SettingsPage]", name: str) -> None:
        self.spec = SettingSpec(
            group=owner.group, name=name, kind=self._kind, default=self._default, **self._given
        )
        self._key = self.spec.key

    @overload
    def __get__(self, page: None, owner: "type[SettingsPage]") -> SettingSpec: ...

    @overload
    def __get__(self, page: "SettingsPage", owner: "type[SettingsPage]") -> _T: ...

    def __get__(self, page: "SettingsPage | None", owner: "type[SettingsPage]") -> Any:
        """Return the value, of a class the description."""
        return self.spec if page is None else page.values[self._key]


class SettingsPage:
    """A page of the form: what it declares, and on an instance the `values` by key."""

    group: ClassVar[Group]

    def __init__(self, values: Mapping[str, Value]) -> None:
        """Look at `values`, which others change; each is of its setting's type."""
        self.values = values

    @classmethod
    def specs(cls) -> tuple[SettingSpec, ...]:
        """Return the descriptions in their order."""
        return tuple(one.spec for one in vars(cls).values() if isinstance(one, Declared))


def switch(default: bool, **given: Unpack[Common]) -> Declared[bool]:
    """Declare a switch."""
    return Declared(SettingKind.SWITCH, default, **given)


def number(default: int, **given: Unpack[Bounds]) -> Declared[int]:
    """Declare a whole number."""
    return Declared(SettingKind.NUMBER, default, **given)


def decimal(default: float, **given: Unpack[Bounds]) -> Declared[float]:
    """Declare a decimal number."""
    return Declared(SettingKind.DECIMAL, default, **given)


def text(default: str, **given: Unpack[Ruled]) -> Declared[str]:
    """Declare one line of text."""
    return Declared(SettingKind.TEXT, default, **given)


def choice(default: str, choices: tuple[str, ...], **given: Unpack[Common]) -> Declared[str]:
    """Declare one of several words."""
    return Declared(SettingKind.CHOICE, default, choices=choices, **given)


def colour(default: str, **given: Unpack[Common]) -> Declared[str]:
    """Declare a colour, `#rrggbb`."""
    return Declared(SettingKind.COLOUR, default, **given)


def secret(**given: Unpack[Ruled]) -> Declared[str]:
    """Declare a text that is never shown; empty for none."""
    return Declared(SettingKind.SECRET, "", **given)


def file(**given: Unpack[Common]) -> Declared[str]:
    """Declare a path; empty for none."""
    return Declared(SettingKind.FILE, "", **given)
