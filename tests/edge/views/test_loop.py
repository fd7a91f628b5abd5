"""The loop between a screen and the views."""

import asyncio
import os

import pytest

from iot_facerecognition_client import State
from iot_facerecognition_edge.appliance.lock import Lock
from iot_facerecognition_edge.events import ConnectionChanged, PinChecked
from iot_facerecognition_edge.screens.interface import (
    Closed,
    Key,
    KeyPressed,
    Pointer,
    TouchPhase,
    TypedText,
)
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.views.loop import run
from tests.virtual_time import VirtualTimeLoop


class Watched(MemoryScreen):
    """A memory screen that tells when something was shown."""

    def __init__(self, size):
        super().__init__(size)
        self.shown = asyncio.Event()

    def present(self, rects):
        super().present(rects)
        self.shown.set()


@pytest.fixture
def running(appliance):
    """Run a test as a coroutine next to the loop; it gets the screen."""

    def start(body, leave=True, loop_factory=None):
        async def both():
            appliance.stopping = asyncio.Event()
            appliance.leave = lambda power_off=False: appliance.stopping.set()
            loop = asyncio.get_running_loop()
            appliance.clock = loop.time
            screen = Watched((480, 320))
            shown = asyncio.create_task(run(appliance, screen))
            async with asyncio.timeout(20):
                await screen.shown.wait()
                await body(screen)
                if leave:
                    appliance.stopping.set()
                await shown
            assert screen.closed

        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(both())

    return start


def test_the_first_page_is_shown_and_the_screen_closed_at_the_end(running):
    async def body(screen):
        assert screen.presented[0].size == (480, 320)

    running(body)


def test_a_finger_is_answered(running):
    async def body(screen):
        screen.shown.clear()
        screen.push(Pointer(TouchPhase.DOWN, 100, 150))
        await screen.shown.wait()

    running(body)


def test_an_event_of_the_appliance_is_shown(running, appliance):
    async def body(screen):
        screen.shown.clear()
        connected = type(appliance.connection)(State.CONNECTED, "a:1", "Connected")
        appliance.connection = connected
        appliance.publish(ConnectionChanged(connected))
        await screen.shown.wait()

    running(body)


def test_a_pin_is_checked_on_a_thread_and_its_outcome_shown(running, appliance, finger):
    place = finger.view.tiles["Settings"].rect.center
    appliance.settings.set("device.pin", "2718")
    checked = asyncio.Event()
    appliance.lock = Lock(
        appliance.settings,
        clock=lambda: 0.0,
        publish=appliance.publish,
        log=appliance.log,
        start=asyncio.ensure_future,
    )

    async def body(screen):
        def take(event):
            if isinstance(event, PinChecked):
                screen.shown.clear()  # what is shown from here on knows the outcome
                checked.set()

        appliance.subscribe(take)
        screen.push(Pointer(TouchPhase.DOWN, *place), Pointer(TouchPhase.UP, *place))
        screen.push(TypedText("2718"), KeyPressed(Key.ENTER))
        await checked.wait()
        assert not appliance.lock.locked
        await screen.shown.wait()

    running(body)


def test_closing_the_window_ends_it(running):
    async def body(screen):
        screen.push(Closed())

    running(body, leave=False)


def test_a_finger_on_a_device_wakes_the_loop(running, monkeypatch):
    """The screen is asked only after its descriptor became readable, not over and over."""
    read, write = os.pipe()
    asked = []

    def events(screen):
        asked.append(True)
        waiting = MemoryScreen.events(screen)
        if waiting:
            os.read(read, 100)
        return waiting

    monkeypatch.setattr(Watched, "descriptors", lambda screen: (read,))
    monkeypatch.setattr(Watched, "events", events)

    async def body(screen):
        await asyncio.sleep(0.5)  # in virtual time: the first page is drawn, and the loop sleeps
        before = len(asked)
        screen.shown.clear()
        screen.push(Pointer(TouchPhase.DOWN, 100, 150))
        os.write(write, b"touched")
        await screen.shown.wait()
        assert len(asked) <= before + 2

    running(body, loop_factory=VirtualTimeLoop)
    os.close(read)
    os.close(write)
