"""The values that hold, observable."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings.camera import CameraSettings
from iot_facerecognition_edge.settings.catalogue import CATALOGUE
from iot_facerecognition_edge.settings.connection import ConnectionSettings, RecognitionSettings
from iot_facerecognition_edge.settings.device import (
    DeviceSettings,
    HookSettings,
    LogSettings,
    StatisticsSettings,
)
from iot_facerecognition_edge.settings.display import DisplaySettings
from iot_facerecognition_edge.settings.setting import SettingSpec, Value
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """A setting got another value."""

    key: str
    old: Value
    new: Value


class Settings:
    """One value per setting of the catalogue, its default until another is set.

    Code reads them by their names, which type checkers know: `settings.camera.fps`. What works on
    any setting (form, file, command line) goes by key. Values are always allowed ones. Subscribers
    are called in their order after each change, on the thread that made it; all users share one
    thread.
    """

    def __init__(
        self,
        stored: Mapping[str, Value] | None = None,
        defaults: Mapping[str, Value] | None = None,
    ) -> None:
        """Begin with `stored` values, which the catalogue must know and allow (SettingError).

        `defaults` take the place of the catalogue's own.
        """
        self._known = {spec.key: spec for spec in CATALOGUE}
        for key, value in (defaults or {}).items():
            known = self.setting(key)
            self._known[key] = replace(known, default=known.check(value))
        self._values = {key: spec.default for key, spec in self._known.items()}
        self.connection = ConnectionSettings(self._values)
        self.recognition = RecognitionSettings(self._values)
        self.camera = CameraSettings(self._values)
        self.display = DisplaySettings(self._values)
        self.statistics = StatisticsSettings(self._values)
        self.log = LogSettings(self._values)
        self.device = DeviceSettings(self._values)
        self.hooks = HookSettings(self._values)
        self._behind: dict[str, Value] = {}
        self._subscribers: list[Callable[[SettingChanged], None]] = []
        for key, value in (stored or {}).items():
            self.set(key, value)

    def value(self, key: str) -> Value:
        """Return the value of the setting `key`. Raises SettingError for a key that is none."""
        self.setting(key)
        return self._values[key]

    def setting(self, key: str) -> SettingSpec:
        """Return the description of `key`. Raises SettingError for a key that is none."""
        try:
            return self._known[key]
        except KeyError:
            raise SettingError(
                f"there is no setting {key!r}; `settings show` lists them all"
            ) from None

    def set(self, key: str, value: Value) -> None:
        """Give `key` another value, to be stored. Raises SettingError where it is not allowed."""
        checked = self.setting(key).check(value)
        self._behind.pop(key, None)
        self._change(key, checked)

    def override(self, key: str, value: Value) -> None:
        """Give `key` another value for this run only: what is stored stays."""
        checked = self.setting(key).check(value)
        self._behind.setdefault(key, self._values[key])
        self._change(key, checked)

    def reset(self, key: str | None = None) -> None:
        """Give `key`, or every setting, its default again."""
        for setting in [self.setting(key)] if key is not None else list(self._known.values()):
            self.set(setting.key, setting.default)

    def stored(self) -> dict[str, Value]:
        """Return what is to be stored: values other than the default, without overrides."""
        kept = self._values | self._behind
        return {key: value for key, value in kept.items() if value != self._known[key].default}

    def subscribe(self, callback: Callable[[SettingChanged], None]) -> Callable[[], None]:
        """Call `callback` after every change; what is returned ends that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def _change(self, key: str, value: Value) -> None:
        old = self._values[key]
        if old == value:
            return
        self._values[key] = value
        change = SettingChanged(key, old, value)
        for callback in list(self._subscribers):
            callback(change)
