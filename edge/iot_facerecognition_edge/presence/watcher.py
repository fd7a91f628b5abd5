"""Lets hooks follow who is in front of the camera."""

from collections.abc import Callable, Sequence

from iot_facerecognition_edge.events import Event, FacesSeen
from iot_facerecognition_edge.presence.hooks import CommandHook, Hook, PinHook
from iot_facerecognition_edge.presence.presence import Kind, Presence, PresenceTracker
from iot_facerecognition_edge.settings import Settings


class Watcher:
    """Tells `hooks` whenever somebody comes or goes; `tick` is to be called twice a second."""

    def __init__(self, hooks: Sequence[Hook], tracker: PresenceTracker) -> None:
        self._hooks = hooks
        self._tracker = tracker
        self._presence = Presence(Kind.NOBODY)

    def take(self, event: Event) -> None:
        """Look at an event of the appliance's."""
        if isinstance(event, FacesSeen):
            self._tracker.take(event.faces, event.time)
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
    commands = {kind: settings.text(f"hooks.on_{kind}") for kind in Kind}
    if any(commands.values()):
        hooks.append(CommandHook(commands, warned))
    pins = {kind: settings.number(f"hooks.pin_{kind}") for kind in Kind}
    used = {kind: pin for kind, pin in pins.items() if pin >= 0}
    if used:
        hooks.append(PinHook(used))
    return hooks
