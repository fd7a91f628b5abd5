"""Keeping the session's settings the same at both ends."""

from dataclasses import replace
from typing import TypedDict, Unpack

from iot_facerecognition_client.events import SettingHeld
from iot_facerecognition_protocol import (
    Command,
    SessionSettings,
    Setting,
    SettingValue,
    Version,
)

FIELDS: dict[Command, str] = {
    Command.SETTING_NAME: "name",
    Command.SETTING_OBJDETECTIONENABLED: "object_recognition",
    Command.SETTING_LABELCOUNT: "label_count",
    Command.SETTING_DETERMINISTICOBJECTDETECTION: "deterministic_objects",
    Command.SETTING_FACERECOGNITIONENABLED: "face_recognition",
    Command.SETTING_OBJECTTHRESHOLD: "object_threshold",
}
"""The settings in the order in which they are sent, with their field of `SessionSettings`."""


class SettingChanges(TypedDict, total=False):
    """What `SettingsSync.change` can change, as in `SessionSettings`."""

    name: str
    object_recognition: bool
    label_count: int
    deterministic_objects: bool
    face_recognition: bool
    object_threshold: float | None


class SettingsSync:
    """What is wanted, what holds at the server, and what still has to be said or answered.

    The server forgets settings with the connection, so each one begins with `disconnected` behind
    it and `requested` when the server asks. The echo is what holds, even when it is not what was
    asked for. A value of None is left to the server: it is said only to take back another one.
    """

    def __init__(self, wanted: SessionSettings) -> None:
        self.wanted = _bounded(wanted)
        self.held = SessionSettings()
        """What holds: the server's defaults at first, then its last echoes."""
        self.confirmed: frozenset[str] = frozenset()
        """Fields of `held` that a server has ever echoed; the others are what it begins with."""
        self._known: tuple[Command, ...] | None = None
        """The settings that the server's version has; None without a connection."""
        self._unsent: list[Command] = []
        self._unanswered: dict[Command, int] = {}

    @property
    def pending(self) -> frozenset[str]:
        """Fields whose wanted value the server has not answered yet."""
        if self._known is not None:
            return frozenset(
                FIELDS[c] for c in self._known if c in self._unsent or self._unanswered[c]
            )
        return frozenset(
            name
            for name in FIELDS.values()
            if _value(self.wanted, name) not in {None, _value(self.held, name)}
        )

    def change(self, **changes: Unpack[SettingChanges]) -> None:
        """Want other values: sent soon, or with the next connection. Raises TypeError."""
        for command, name in FIELDS.items():
            if name in changes:
                Setting(command, changes[name])  # type: ignore[literal-required] # checks the type
        self.wanted = _bounded(replace(self.wanted, **changes))
        for command in self._known or ():
            name = FIELDS[command]
            if name not in changes or command in self._unsent:
                continue
            # What the server holds is not asked for, unless another question is under way.
            if _value(self.wanted, name) != _value(self.held, name) or self._unanswered[command]:
                self._unsent.append(command)

    def requested(self, version: Version = Version.V2) -> None:
        """Say everything that `version` has a word for: the server asked."""
        self._known = tuple(command for command in FIELDS if command.since <= version)
        self._unsent = [c for c in self._known if _value(self.wanted, FIELDS[c]) is not None]
        self._unanswered = dict.fromkeys(self._known, 0)

    def disconnected(self) -> None:
        """Forget what was under way; the next server will ask."""
        self._known = None
        self._unsent = []

    def next_change(self) -> Setting | None:
        """Return the next setting to send, None when all is said."""
        if not self._unsent:
            return None
        command = self._unsent.pop(0)
        self._unanswered[command] += 1
        return Setting(command, _value(self.wanted, FIELDS[command]))

    def echoed(self, setting: Setting) -> SettingHeld:
        """Take the server's word for what holds."""
        name = FIELDS[setting.command]
        asked = None
        if self._known is not None and self._unanswered.get(setting.command):
            self._unanswered[setting.command] -= 1
            asked = _value(self.wanted, name)
        change: SettingChanges = {name: setting.value}  # type: ignore[misc] # the codec checked it
        self.held = replace(self.held, **change)
        self.confirmed |= {name}
        return SettingHeld(name, asked, setting.value)


def _bounded(settings: SessionSettings) -> SessionSettings:
    named = settings.renamed(settings.name).with_label_count(settings.label_count)
    return named.with_object_threshold(settings.object_threshold)


def _value(settings: SessionSettings, name: str) -> SettingValue:
    value: SettingValue = getattr(settings, name)
    return value
