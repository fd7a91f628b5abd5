"""Lets hooks follow who is in front of the camera."""

from collections.abc import Callable, Sequence

from iot_facerecognition_edge.events import Event, FacesSeen
from iot_facerecognition_edge.presence.hooks import CommandHook, Hook, PinHook
from iot_facerecognition_edge.presence.presence import Presence, PresenceKind, PresenceTracker
from iot_facerecognition_edge.settings import Settings


class Watcher:
    """Tells `hooks` whenever somebody comes or goes; `tick` is to be called twice a second."""

    def __init__(self, hooks: Sequence[Hook], tracker: PresenceTracker) -> None:
        self._hooks = hooks
        self._tracker = tracker
        self._presence = Presence(PresenceKind.NOBODY)

    def accept(self, event: Event) -> None:
        """Look at an event of the appliance's."""
        if isinstance(event, FacesSeen):
            self._tracker.update(event.faces, event.time)
            self.tick(event.time)

    def tick(self, now: float) -> None:
        """Tell the hooks if who is there has changed."""
        presence = self._tracker.at(now)
        if presence != self._presence:
            self._presence = presence
            for hook in self._hooks:
                hook.changed(presence)

    async def close(self) -> None:
        """Let go of what the hooks hold."""
        for hook in self._hooks:
            await hook.close()


def hooks_of(settings: Settings, warned: Callable[[str], object]) -> list[Hook]:
    """Return the hooks that the settings ask for. Raises HookError."""
    hooks: list[Hook] = []
    commands = {
        PresenceKind.KNOWN: settings.hooks.on_known,
        PresenceKind.UNKNOWN: settings.hooks.on_unknown,
        PresenceKind.NOBODY: settings.hooks.on_nobody,
    }
    if any(commands.values()):
        hooks.append(CommandHook(commands, warned))
    pins = {
        PresenceKind.KNOWN: settings.hooks.pin_known,
        PresenceKind.UNKNOWN: settings.hooks.pin_unknown,
        PresenceKind.NOBODY: settings.hooks.pin_nobody,
    }
    used = {kind: pin for kind, pin in pins.items() if pin >= 0}
    if used:
        hooks.append(PinHook(used))
    return hooks
