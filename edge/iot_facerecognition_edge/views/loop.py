"""The loop between a screen and the views, in the appliance's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from iot_facerecognition_edge.screens.interface import Screen
from iot_facerecognition_edge.views.app import App

if TYPE_CHECKING:
    from iot_facerecognition_edge.appliance import Appliance
    from iot_facerecognition_edge.screens.backlight import Backlight

_POLL = 1 / 30
"""Seconds between looks for events on a screen that cannot wake the loop."""
_LONGEST = 1.0
_SHORTEST = 1 / 60


async def run(appliance: Appliance, screen: Screen, backlight: Backlight | None = None) -> None:
    """Show the views on `screen` until the appliance stops; closes the screen.

    A screen that nobody touches is dimmed by its `backlight`, where it has one.

    Sleeps until a finger, an event of the appliance or a view's own time, and never blocks for
    longer than a redraw.
    """
    alarm = _Alarm(screen.descriptors())
    app = App(appliance, screen, backlight)
    unsubscribe = appliance.subscribe(alarm.ring)
    stopped = asyncio.ensure_future(appliance.stopping.wait())
    stopped.add_done_callback(alarm.ring)
    latest = _LONGEST if alarm.armed else _POLL
    try:
        while not appliance.stopping.is_set():
            due = app.step(screen.events(), appliance.clock())
            # At most sixty rounds a second, however many frames and results arrive.
            await asyncio.sleep(_SHORTEST)
            left = latest if due is None else min(latest, due - appliance.clock())
            await alarm.wait(max(0.0, left))
    finally:
        stopped.cancel()
        unsubscribe()
        alarm.disarm()
        app.close()
        screen.close()


class _Alarm:
    """Ends a sleep when one of the descriptors is readable, or when it is rung."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self._descriptors = descriptors
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    @property
    def armed(self) -> bool:
        """Whether there are descriptors to wait for."""
        return bool(self._descriptors)

    def ring(self, cause: object = None) -> None:  # noqa: ARG002 - callers pass what happened
        """End the sleep, or the next one."""
        self._rung.set()

    def disarm(self) -> None:
        """Stop waiting for the descriptors."""
        for descriptor in self._descriptors:
            self._loop.remove_reader(descriptor)

    async def wait(self, seconds: float) -> None:
        """Sleep for so long at most."""
        # Only now: a descriptor stays readable until it is read, and would ring all the time.
        for descriptor in self._descriptors:
            self._loop.add_reader(descriptor, self.ring)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()
        self.disarm()
