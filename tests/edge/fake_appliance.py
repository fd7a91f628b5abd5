"""An appliance without a machine: real settings, log and statistics, and a state to play with."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iot_facerecognition_client import Paired, ServerAddress, State, Status
from iot_facerecognition_edge.appliance.lock import Lock
from iot_facerecognition_edge.cameras.interface import (
    Capabilities,
    PixelFormat,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.connection.introduction import Declined, Shown
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.events import (
    CameraChanged,
    ConnectionChanged,
    EntryAdded,
    Event,
    Traffic,
)
from iot_facerecognition_edge.first_boot.report import Report
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.machine.addresses import OwnAddress
from iot_facerecognition_edge.machine.health import WifiLink
from iot_facerecognition_edge.machine.updates import Updates
from iot_facerecognition_edge.qr.reader import CodeReader
from iot_facerecognition_edge.settings import Settings, Value
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_protocol import CameraState, Health
from iot_facerecognition_protocol.pairing.code import PairingCode

CONNECTED = Status(State.CONNECTED, "Connected", server="192.168.1.5:50000")
CONTROLS = frozenset({"width", "height", "fps", "brightness", "mirror_horizontal"})


class FakeIntroduction:
    """A server that is asked, and answers when a test lets it; remembers the last question."""

    def __init__(self) -> None:
        self.looked_at: str | None = None
        self.paired_with: tuple[str, PairingCode, str | None] | None = None
        self.answer: Callable[..., None] | None = None
        self.reader = CodeReader()

    def look(self, server: ServerAddress, answer: Callable[[Shown | Declined], None]) -> None:
        self.looked_at, self.answer = str(server), answer

    def pair(
        self,
        server: ServerAddress,
        code: PairingCode,
        fingerprint: str | None,
        answer: Callable[[Paired | Declined], None],
    ) -> None:
        self.paired_with, self.answer = (str(server), code, fingerprint), answer

    def read(
        self,
        image: PreviewImage,
        answer: Callable[[str | Declined | None], None],
        *,
        mirrored: bool,
    ) -> None:
        """Read at once, with the real reader."""
        try:
            answer(self.reader.read(image, mirrored=mirrored))
        except EdgeError as error:
            answer(Declined(str(error)))


class FakeSynchronisation:
    """A server that answers nothing while a test keeps settings `waiting`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.waiting: set[str] = set()

    def pending(self, key: str) -> bool:
        return key in self.waiting

    def effective(self, key: str) -> Value:
        return self.settings.value(key)


class FakeAppliance:
    """The appliance's facade over state that a test sets; remembers what it was told to do."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.disk_full = False
        # Tests let hours pass; those of dimming set a time of their own.
        self.settings = Settings({"display.dim_after": 0})
        self.statistics = Statistics()
        self._wall = datetime(2026, 5, 4, 13, 5, 0, tzinfo=UTC)
        self.log = EventLog(wall=self._wall_time)
        self.version = "0.1.0"
        self.card = Report()
        self.updates = Updates(None, None, self.log.warning)
        self.connection = CONNECTED
        self.network = WifiLink(True, -52.0, "Wi-Fi at -52 dBm")
        self.traffic = Traffic(12_345_678, 45_678, 350_000.0, 1_200.0)
        self.fps = 14.8
        self.health = Health(
            version="0.1.0", cpu_temperature=48.3, throttled=0, wifi_signal=-52.0,
            memory_free=301_000_000, uptime=93_784.0, capture_fps=15.0, drops=3,
        )  # fmt: skip
        self.camera = CameraStatus(CameraState.OFF, "off")
        self.camera_controls: frozenset[str] | None = None
        self.camera_sizes: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720), (1920, 1080))
        self.addresses = (
            OwnAddress("192.168.1.20", "wlan0"), OwnAddress("fd00::ba27:ebff:fe12:3456", "wlan0"),
        )  # fmt: skip
        self.can_power_off = True
        self.lock = Lock(
            self.settings, clock=self.clock, publish=self.publish, log=self.log, start=asyncio.run
        )
        self.synchronisation = FakeSynchronisation(self.settings)
        self.image: PreviewImage | None = None
        self.hardware_plane: PreviewPlane | None = None
        self.done: list[tuple[object, ...]] = []
        self.introduction = FakeIntroduction()
        self._subscribers: list[Callable[[Event], None]] = []
        self.log.subscribe(lambda entry: self.publish(EntryAdded(entry)))
        self.settings.subscribe(self.publish)

    def _wall_time(self) -> datetime:
        self._wall += timedelta(seconds=7, milliseconds=123)
        return self._wall

    def clock(self) -> float:
        return self.now

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def publish(self, event: Event) -> None:
        for callback in list(self._subscribers):
            callback(event)

    def reset_settings(self) -> None:
        self.settings.reset()

    def connect(
        self,
        address: str | None = None,
        port: int | None = None,
        token: str | None = None,
        fingerprint: str | None = None,
        name: str = "",
    ) -> None:
        self.done.append(("connect", address, port, token, fingerprint))

    def disconnect(self) -> None:
        self.done.append(("disconnect",))

    def send_message(self, text: str) -> None:
        if not text.strip():
            raise EdgeError("messages: there is nothing to send")
        self.done.append(("message", text))

    def open_camera(self, preview: tuple[int, int] | None) -> None:
        self.done.append(("open camera", preview))

    def close_camera(self) -> None:
        self.done.append(("close camera",))

    def preview(self) -> PreviewImage | None:
        return self.image

    def plane(self) -> PreviewPlane | None:
        return self.hardware_plane

    def export_statistics(self) -> Path:
        if self.disk_full:
            raise EdgeError("statistics: /state cannot be written (No space left on device)")
        self.done.append(("export",))
        return Path("/state/statistics")

    def leave(self, power_off: bool = False) -> None:
        self.done.append(("leave", power_off))

    # What a test lets happen.

    def become(self, connection: Status) -> None:
        self.connection = connection
        self.publish(ConnectionChanged(connection))

    def run_camera(self, size: tuple[int, int] = (640, 480), *, plane: bool = False) -> None:
        capabilities = Capabilities("imx219", size, 15.0, CONTROLS, plane)
        self.camera = CameraStatus(CameraState.RUNNING, "imx219 at 15 fps", capabilities)
        self.camera_controls = capabilities.controls
        self.publish(CameraChanged(self.camera))

    def take_picture(self, level: int, size: tuple[int, int] = (160, 120)) -> None:
        """Let the camera give a grey preview of one level."""
        self.now += 1 / 15
        pixels = bytes([level]) * (size[0] * size[1])
        self.image = PreviewImage(*size, PixelFormat.GREY, pixels, self.now)
