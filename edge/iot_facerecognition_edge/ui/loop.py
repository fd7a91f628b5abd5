"""The loop between a screen and the views, in the appliance's event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from iot_facerecognition_edge.events import Event
from iot_facerecognition_edge.screens.interface import Screen
from iot_facerecognition_edge.views.app import App

if TYPE_CHECKING:
    from iot_facerecognition_edge.appliance import Appliance

_POLL = 1 / 30
"""Seconds between looks for events on a screen that cannot wake the loop."""
_LONGEST = 1.0
_SHORTEST = 1 / 60


async def run(appliance: Appliance, screen: Screen) -> None:
    """Show the views on `screen` until the appliance stops; closes the screen.

    Sleeps until a finger, an event of the appliance or a view's own time, and never blocks for
    longer than a redraw.
    """
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()
    descriptors = list(screen.descriptors())
    for descriptor in descriptors:
        loop.add_reader(descriptor, wake.set)

    def woken(event: Event) -> None:  # noqa: ARG001 - the views hear what it is themselves
        wake.set()

    app = App(appliance, screen)
    unsubscribe = appliance.subscribe(woken)
    stopped = asyncio.ensure_future(appliance.stopping.wait())
    stopped.add_done_callback(lambda _: wake.set())
    try:
        while not appliance.stopping.is_set():
            now = appliance.clock()
            due = app.step(screen.events(), now)
            wait = _LONGEST if due is None else min(_LONGEST, due - appliance.clock())
            if not descriptors:
                wait = min(wait, _POLL)
            # At most sixty rounds a second, however many frames and results arrive.
            await asyncio.sleep(_SHORTEST)
            wake_in = max(0.0, wait - _SHORTEST)
            try:
                await asyncio.wait_for(wake.wait(), wake_in)
            except TimeoutError:
                continue
            wake.clear()
    finally:
        stopped.cancel()
        unsubscribe()
        for descriptor in descriptors:
            loop.remove_reader(descriptor)
        app.close()
        screen.close()
