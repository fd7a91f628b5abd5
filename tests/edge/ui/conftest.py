"""An appliance without a machine: real settings, log and statistics, and a state to play with."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from iot_facerecognition_edge.addresses import OwnAddress
from iot_facerecognition_edge.cameras.interface import Capabilities, PixelFormat, PreviewImage
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.eventlog import EventLog
from iot_facerecognition_edge.events import (
    CameraChanged,
    CameraStatus,
    Connection,
    ConnectionChanged,
    ConnectionState,
    EntryAdded,
    Network,
    Traffic,
)
from iot_facerecognition_edge.first_boot.report import Report
from iot_facerecognition_edge.introduction import Declined
from iot_facerecognition_edge.lock import Lock
from iot_facerecognition_edge.qr.reader import CodeReader
from iot_facerecognition_edge.screens.interface import Phase, Pointer
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_edge.updates import Updates
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_protocol import CameraState, Health

CONNECTED = Connection(ConnectionState.CONNECTED, "192.168.1.5:50000", "Connected")
CONTROLS = frozenset({"width", "height", "fps", "brightness", "mirror_horizontal"})


class FakeIntroduction:
    """A server that is asked, and answers when a test lets it; remembers the last question."""

    def __init__(self):
        self.looked_at = self.paired_with = None
        self.reader = CodeReader()

    def look(self, server, answer):
        self.looked_at, self.answer = str(server), answer

    def pair(self, server, code, fingerprint, answer):
        self.paired_with, self.answer = (str(server), code, fingerprint), answer

    def read(self, image, answer, *, mirrored):
        """Read at once, with the real reader."""
        try:
            answer(self.reader.read(image, mirrored=mirrored))
        except EdgeError as error:
            answer(Declined(str(error)))


class FakeAppliance:
    """The appliance's facade over state that a test sets; remembers what it was told to do."""

    def __init__(self):
        self.now = 1000.0
        self.disk_full = False
        # Tests let hours pass; those of dimming set a time of their own.
        self.settings = Settings({"display.dim_after": 0})
        self.statistics = Statistics()
        self._wall = datetime(2026, 5, 4, 13, 5, 0, tzinfo=UTC)
        self.log = EventLog(wall=self._tell_wall)
        self.version = "0.1.0"
        self.card = Report()
        self.updates = Updates(None, None, self.log.warning)
        self.connection = CONNECTED
        self.network = Network(True, -52.0, "Wi-Fi at -52 dBm")
        self.traffic = Traffic(12_345_678, 45_678, 350_000.0, 1_200.0)
        self.fps = 14.8
        self.health = Health(
            version="0.1.0", cpu_temperature=48.3, throttled=0, wifi_signal=-52.0,
            memory_free=301_000_000, uptime=93_784.0, capture_fps=15.0, drops=3,
        )  # fmt: skip
        self.camera = CameraStatus(CameraState.OFF, "off")
        self.camera_controls = None
        self.camera_sizes = ((640, 480), (1280, 720), (1920, 1080))
        self.addresses = (
            OwnAddress("192.168.1.20", "wlan0"), OwnAddress("fd00::ba27:ebff:fe12:3456", "wlan0"),
        )  # fmt: skip
        self.can_power_off = True
        self.lock = Lock(
            self.settings, clock=self.clock, publish=self.publish, log=self.log, start=asyncio.run
        )
        self.waiting = set()
        self.image = None
        self.hardware_plane = None
        self.done = []
        self.introduction = FakeIntroduction()
        self._subscribers = []
        self.log.subscribe(lambda entry: self.publish(EntryAdded(entry)))
        self.settings.subscribe(self.publish)

    def _tell_wall(self):
        self._wall += timedelta(seconds=7, milliseconds=123)
        return self._wall

    def clock(self):
        return self.now

    def subscribe(self, callback):
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def publish(self, event):
        for callback in list(self._subscribers):
            callback(event)

    def pending(self, key):
        return key in self.waiting

    def effective(self, key):
        return self.settings.value(key)

    def change(self, key, value):
        self.settings.set(key, value)

    def reset_settings(self):
        self.settings.reset()

    def connect(self, address=None, port=None, token=None, fingerprint=None, name=""):
        self.done.append(("connect", address, port, token, fingerprint))

    def disconnect(self):
        self.done.append(("disconnect",))

    def send_message(self, text):
        if not text.strip():
            raise EdgeError("messages: there is nothing to send")
        self.done.append(("message", text))

    def open_camera(self, preview):
        self.done.append(("open camera", preview))

    def close_camera(self):
        self.done.append(("close camera",))

    def preview(self):
        return self.image

    def plane(self):
        return self.hardware_plane

    def export_statistics(self):
        if self.disk_full:
            raise EdgeError("statistics: /state cannot be written (No space left on device)")
        self.done.append(("export",))

    def leave(self, power_off=False):
        self.done.append(("leave", power_off))

    # What a test lets happen.

    def become(self, connection):
        self.connection = connection
        self.publish(ConnectionChanged(connection))

    def run_camera(self, size=(640, 480), *, plane=False):
        capabilities = Capabilities("imx219", size, 15.0, CONTROLS, plane)
        self.camera = CameraStatus(CameraState.RUNNING, "imx219 at 15 fps", capabilities)
        self.camera_controls = capabilities.controls
        self.publish(CameraChanged(self.camera))

    def take_picture(self, level, size=(160, 120)):
        """Let the camera give a grey preview of one level."""
        self.now += 1 / 15
        pixels = bytes([level]) * (size[0] * size[1])
        self.image = PreviewImage(*size, PixelFormat.GREY, pixels, self.now)


class Finger:
    """Does on a memory screen what a person does, and lets the application draw."""

    def __init__(self, appliance, size=(480, 320)):
        self.appliance = appliance
        self.screen = MemoryScreen(size)
        self.app = App(appliance, self.screen)
        self.wait(0.0)

    def wait(self, seconds=0.05):
        self.appliance.now += seconds
        return self.app.step(self.screen.events(), self.appliance.now)

    def down(self, place):
        self.screen.push(Pointer(Phase.DOWN, *_point(place)))
        self.wait()

    def move(self, place):
        self.screen.push(Pointer(Phase.MOVE, *_point(place)))
        self.wait()

    def up(self, place):
        self.screen.push(Pointer(Phase.UP, *_point(place)))
        self.wait()

    def tap(self, place):
        self.down(place)
        self.up(place)
        self.wait()

    def swipe(self, start, end, steps=6):
        (x, y), (u, v) = _point(start), _point(end)
        self.down(start)
        for step in range(1, steps + 1):
            share = step / steps
            self.move((round(x + (u - x) * share), round(y + (v - y) * share)))
        self.wait(0.2)
        self.up(end)

    def answer(self, answer):
        """Let the server that was asked answer."""
        self.appliance.introduction.answer(answer)
        self.wait()

    def type(self, text):
        """Tap the keys of the on-screen keyboard."""
        for character in text:
            self.tap(next(c.rect for c in self.keyboard.caps if c.text == character))

    @property
    def keyboard(self):
        return self.top.keyboard

    @property
    def top(self):
        """The topmost layer below the toasts."""
        return self.app.stage.layers[-2]

    @property
    def view(self):
        return self.app.view

    def drawn(self):
        """Return what was shown since the last call."""
        rects, self.screen.presented = self.screen.presented, []
        return rects

    def colour(self, x, y):
        return tuple(self.screen.canvas.get_at((x, y)))[:3]


def _point(place):
    if hasattr(place, "rect"):
        place = place.rect
    return place if isinstance(place, tuple) else place.center


@pytest.fixture
def appliance():
    return FakeAppliance()


@pytest.fixture
def finger(appliance):
    return Finger(appliance)


@pytest.fixture
def finger_on(appliance):
    """Return a function that gives a finger on a screen of another size."""
    return lambda size: Finger(appliance, size)
