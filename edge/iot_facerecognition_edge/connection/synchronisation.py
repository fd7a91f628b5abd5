"""The settings that the server holds: what is kept here is requested, its echo is effective."""

from collections.abc import Callable
from typing import Protocol

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import SettingChanged, Settings, Value
from iot_facerecognition_edge.settings.session import FIELDS, left_to_server

_KEYS = {field: key for key, field in FIELDS.items()}


class Asker(Protocol):
    """Who asks the server, and remembers its answers."""

    def set(self, key: str, value: Value) -> None:
        """Ask for another value, now or with the next connection."""

    def pending(self, key: str) -> bool:
        """Return whether a question is still open on this connection."""

    def held(self, key: str) -> Value | None:
        """Return the server's last word, None before its first."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""


class Synchronisation:
    """Keeps `settings` and the server alike, through `asker`.

    Who changes one of these settings only sets it: the server is asked for every change.
    """

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
        settings.subscribe(self._changed)

    def pending(self, key: str) -> bool:
        """Return whether `key` was changed here and the server has not answered."""
        if key not in FIELDS:
            return False
        if self._asker.connected:
            return self._asker.pending(key)
        value = self._settings.value(key)
        return not left_to_server(key, value) and self.effective(key) != value

    def effective(self, key: str) -> Value:
        """Return the effective value: the server's last word, or ours before its first."""
        held = self._asker.held(key) if key in FIELDS else None
        return self._settings.value(key) if held is None else held

    def answered(self, field: str) -> None:
        """Accept the server's word for a field of `SessionSettings`.

        When no question is open it is also what is kept, unless the choice was left to the server:
        it had reasons to give another value than the one asked for.
        """
        key = _KEYS[field]
        before, held = self._settings.value(key), self.effective(key)
        kept = self._asker.pending(key) or left_to_server(key, before)
        if not kept and held != before:
            try:
                self._settings.set(key, held)
            except SettingError as error:
                self._warned(f"the server holds a value that is none of ours: {error}")
        # Also without a change: nothing is pending any more, which views show.
        self._publish(SettingChanged(key, before, held))

    def _changed(self, change: SettingChanged) -> None:
        if change.key in FIELDS:
            self._asker.set(change.key, change.new)
