"""Whether the settings on the screen are locked, and the work on a thread that opens them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.events import PinChecked
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.settings import Settings, pin
from iot_facerecognition_edge.settings.device import DeviceSettings

PIN = DeviceSettings.pin.key


class Lock:
    """Locked while there is a PIN and nobody has entered it.

    Hashing takes about a second of a Zero W: it is done on a thread, in a task begun by `start`.
    `PinChecked` tells the outcome on the loop's thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float],
        publish: Callable[[PinChecked], None],
        log: EventLog,
        start: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._publish = publish
        self._log = log
        self._start = start
        self._tries = pin.Tries()
        self._open = False
        self._busy = False

    @property
    def locked(self) -> bool:
        """Whether a PIN has to be entered before settings are seen or changed on the screen."""
        return not self._open and bool(self._settings.device.pin)

    def close(self) -> None:
        """Ask for the PIN, where there is one, before the next change."""
        self._open = False

    def enter(self, text: str) -> None:
        """Open the lock if `text` is the PIN. Too early after a wrong one it is not looked at."""
        wait = self._tries.wait(self._clock())
        if wait:
            self._publish(PinChecked(right=False, wait=wait))
        elif not self._busy:
            self._busy = True
            self._start(self._check(text))

    def change(self, text: str) -> None:
        """Let `text` be the PIN from now on, none if it is empty. Raises SettingError."""
        try:
            if text:
                pin.check(text)
        except ValueError as error:
            raise SettingError(f"{PIN}: {error}") from None
        self._start(self._change(text))

    async def _check(self, text: str) -> None:
        try:
            right = await asyncio.to_thread(pin.matches, text, self._settings.device.pin)
        finally:
            self._busy = False
        now = self._clock()
        if right:
            self._tries.right()
            self._open = True
        else:
            self._tries.wrong(now)
            self._log.warning("a wrong PIN was entered on the screen")
        self._publish(PinChecked(right=right, wait=self._tries.wait(now)))

    async def _change(self, text: str) -> None:
        hashed = await asyncio.to_thread(pin.kept, text)
        self._open = True
        self._settings.set(PIN, hashed)
