"""The settings that the server holds: what is kept here is wished for, its echo is what holds."""

from collections.abc import Callable
from typing import Protocol

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import SettingChanged, Settings, Value
from iot_facerecognition_edge.settings.session import FIELDS

_KEYS = {field: key for key, field in FIELDS.items()}


class Asker(Protocol):
    """Who asks the server."""

    def set(self, key: str, value: Value) -> None:
        """Ask for another value, now or with the next connection."""

    def pending(self, key: str) -> bool:
        """Return whether a question is still open on this connection."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""


class Synchronisation:
    """Keeps `settings` and the server alike, through `asker`."""

    def __init__(
        self,
        settings: Settings,
        asker: Asker,
        *,
        publish: Callable[[SettingChanged], None],
        warned: Callable[[str], object],
    ) -> None:
        self._settings = settings
        self._asker = asker
        self._publish = publish
        self._warned = warned
        self._held: dict[str, Value] = {}

    def change(self, key: str, value: Value) -> None:
        """Keep another value and ask the server for it. Raises SettingError."""
        self._settings.set(key, value)
        if key in FIELDS:
            self._asker.set(key, self._settings.value(key))

    def pending(self, key: str) -> bool:
        """Return whether `key` was changed here and the server has not answered."""
        if key not in FIELDS:
            return False
        if self._asker.connected:
            return self._asker.pending(key)
        return self.effective(key) != self._settings.value(key)

    def effective(self, key: str) -> Value:
        """Return what holds: the server's last word, or our value before its first."""
        return self._held.get(key, self._settings.value(key))

    def answered(self, field: str, held: Value) -> None:
        """Take the server's word for a field of `SessionSettings`.

        When no question is open it is also what is kept: the server had reasons to give another
        value than the one asked for.
        """
        key = _KEYS[field]
        before = self.effective(key)
        self._held[key] = held
        if not self._asker.pending(key) and held != self._settings.value(key):
            try:
                self._settings.set(key, held)
            except SettingError as error:
                self._warned(f"the server holds a value that is none of ours: {error}")
        # Also without a change: nothing is pending any more, which views show.
        self._publish(SettingChanged(key, before, held))
