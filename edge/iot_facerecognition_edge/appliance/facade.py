"""The appliance as views, hooks and the daemon see it: its state, its actions, its events."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from iot_facerecognition_client import (
    Status,
)
from iot_facerecognition_edge.appliance.lock import PIN, Lock
from iot_facerecognition_edge.appliance.notices import Notices
from iot_facerecognition_edge.appliance.results import CLIENT_EVENTS, Results
from iot_facerecognition_edge.appliance.routing import (
    MESSAGE_LENGTH,
    FromCamera,
    FromServer,
    FromSettings,
    Subscribers,
)
from iot_facerecognition_edge.background import BackgroundTasks
from iot_facerecognition_edge.cameras.interface import Camera, PreviewImage, PreviewPlane
from iot_facerecognition_edge.cameras.memory import CameraMemory
from iot_facerecognition_edge.cameras.sizes import USUAL, Size, allowed
from iot_facerecognition_edge.capture.capture import Capture
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.connection.introduction import Introduction
from iot_facerecognition_edge.connection.link import Link
from iot_facerecognition_edge.connection.synchronisation import Synchronisation
from iot_facerecognition_edge.connection.timekeeping import Timekeeper
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.events import (
    EntryAdded,
    Event,
    Traffic,
)
from iot_facerecognition_edge.first_boot.report import Report
from iot_facerecognition_edge.log.eventlog import EntryKind, EventLog
from iot_facerecognition_edge.machine.addresses import OwnAddress
from iot_facerecognition_edge.machine.health import HealthReader, Reading, WifiLink, network_of
from iot_facerecognition_edge.machine.progress import Progress
from iot_facerecognition_edge.machine.updates import Updates
from iot_facerecognition_edge.settings import CATALOGUE, Group, Settings
from iot_facerecognition_edge.settings.server import server_changes
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_edge.statistics.export import export
from iot_facerecognition_protocol import Health, clean_text


class Appliance:
    """Camera, connection, settings, log and statistics behind one door.

    Everything is called, and every subscriber is called back, on the event loop's thread. It does
    nothing until `start`; `tick` and `report` are to be called regularly (see `assembly`).
    """

    def __init__(
        self,
        *,
        settings: Settings,
        log: EventLog,
        statistics: Statistics,
        timekeeper: Timekeeper,
        health: HealthReader,
        open_camera: Callable[[], Camera],
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        state_directory: Path,
        version: str,
        power_off: Callable[[], None] | None,
        card: Report | None = None,
        updates: Updates | None = None,
    ) -> None:
        """Take the parts; `card` is what first boot made of its file, `updates` the updater's."""
        self.settings = settings
        self.card = card or Report()
        self.updates = updates or Updates(None, None, log.warning)
        self.log = log
        self.statistics = statistics
        self.clock = clock
        self.version = version
        self.stopping = asyncio.Event()
        self.progress = Progress()
        self.fault: BaseException | None = None
        self.left = False
        """Whether a person ended the program at the device: nobody should start it again."""
        self._wall = wall
        self._state_directory = state_directory
        self._power_off = power_off
        self._powering_off = False
        self._health = health
        self._reading = Reading()
        self._subscribers = Subscribers()
        publish = self._subscribers.publish
        self._notices = Notices(log, publish)
        self._background = BackgroundTasks(self._failed)
        self._camera_memory = CameraMemory(state_directory / "camera.json")
        self._capture = Capture(
            open_camera,
            lambda camera: camera.apply(settings),
            deliver=lambda picture: self._from_camera.picture(picture),  # noqa: PLW0108 - made below
            changed=lambda status: self._from_camera.changed(status),  # noqa: PLW0108 - same
            warned=self._notices.warn,
            moved=lambda: self.progress.capture(self.clock()),
            clock=clock,
        )
        self._link = Link(
            settings,
            timekeeper,
            changed=self._connection_changed,
            event=lambda event: self._from_server.event(event),  # noqa: PLW0108 - same
            events=CLIENT_EVENTS,
            failed=self._failed,
            clock=clock,
        )
        self.synchronisation = Synchronisation(
            settings, self._link, publish=publish, warned=self._notices.warn
        )
        self._from_camera = FromCamera(
            settings,
            self._camera_memory,
            capture=self._capture,
            link=self._link,
            notices=self._notices,
            background=self._background,
            publish=publish,
        )
        self._from_server = FromServer(
            settings,
            results=Results(
                statistics, log, newest=lambda: self._capture.scene, publish=publish, wall=wall
            ),
            synchronisation=self.synchronisation,
            updates=self.updates,
            notices=self._notices,
            publish=publish,
            clock=clock,
        )
        self.introduction = Introduction(self._background, self.connect)
        self.lock = Lock(
            settings, clock=clock, publish=publish, log=log, start=self._background.start
        )
        settings.subscribe(FromSettings(statistics, self._capture, publish).changed)
        log.subscribe(lambda entry: publish(EntryAdded(entry)))

    # What is

    @property
    def connection(self) -> Status:
        """The connection to the server: its state, and why."""
        return self._link.status

    @property
    def traffic(self) -> Traffic:
        """What was sent and received since the start."""
        counts = self._link.statistics()
        return Traffic(counts.bytes_sent, counts.bytes_received, *self.statistics.rates)

    @property
    def fps(self) -> float:
        """Frames a second with a result: none without a connection."""
        return self.statistics.fps(self.clock()) if self._link.connected else 0.0

    @property
    def camera(self) -> CameraStatus:
        """The camera."""
        return self._capture.status

    @property
    def camera_controls(self) -> frozenset[str] | None:
        """Names of the settings that the camera obeys, or did when it last ran; None: unknown."""
        able = self.camera.capabilities
        return able.controls if able else self._camera_memory.controls(self.settings)

    @property
    def camera_sizes(self) -> tuple[Size, ...]:
        """The pixel sizes that the camera offers, or did when it last ran, as far as allowed."""
        able = self.camera.capabilities
        sizes = able.sizes if able else self._camera_memory.sizes(self.settings)
        return allowed(sizes or USUAL)

    @property
    def network(self) -> WifiLink:
        """The radio, as last looked at."""
        return network_of(self._reading)

    @property
    def addresses(self) -> tuple[OwnAddress, ...]:
        """The addresses that this device has in its networks now."""
        return self._health.addresses()

    @property
    def health(self) -> Health:
        """How this machine is doing, as last looked at."""
        counts, reading = self._link.statistics(), self._reading
        return Health(
            version=self.version,
            cpu_temperature=reading.temperature,
            throttled=reading.throttled,
            wifi_signal=reading.signal,
            memory_free=reading.memory_free,
            uptime=reading.uptime,
            capture_fps=round(self._capture.fps(self.clock()), 1),
            drops=self._capture.missed + counts.replaced + counts.disconnected,
            frame_rate=float(self.settings.camera.fps),
            camera=self._capture.state,
            installed=self.updates.installed,
            update=self.updates.report,
        )

    @property
    def can_power_off(self) -> bool:
        """Whether `leave` can switch the machine off."""
        return self._power_off is not None and self.settings.device.power_off

    def preview(self) -> PreviewImage | None:
        """Return the newest preview; its time tells whether it is a new one."""
        return self._capture.preview()

    def plane(self) -> PreviewPlane | None:
        """Return the camera's hardware preview, where it has one."""
        return self._capture.plane()

    # What can be done

    def connect(
        self,
        address: str | None = None,
        port: int | None = None,
        token: str | None = None,
        fingerprint: str | None = None,
        name: str = "",
    ) -> None:
        """Connect, and go on trying, after keeping what is given. Raises SettingError.

        With a `fingerprint` the server is trusted by that; `name` is what it calls this device.
        """
        given = {"address": address, "port": port, "token": token, "fingerprint": fingerprint}
        changes = server_changes(self.settings, given, name)
        for key, value in changes.items():
            self.settings.set(key, value)
        self._link.connect()

    def disconnect(self) -> None:
        """End the connection, and do not make another one."""
        self._background.start(self._link.disconnect())

    def send_message(self, text: str) -> None:
        """Send a line to the operators; it waits for a connection. Raises EdgeError."""
        line = clean_text(text, MESSAGE_LENGTH)
        if not line:
            raise EdgeError("messages: there is nothing to send")
        self._link.message(line)
        if not self._link.connected:
            self._notices.notice(
                EntryKind.WARNING, f"no connection yet: the message waits for one: {line}"
            )

    def reset_settings(self) -> None:
        """Give the form's settings their defaults, except the PIN and how the server is reached."""
        for setting in CATALOGUE:
            if setting.on_screen and setting.group is not Group.CONNECTION and setting.key != PIN:
                self.settings.reset(setting.key)

    def open_camera(self, preview: tuple[int, int] | None) -> None:
        """Let the camera run, with a preview of about that size if any."""
        self._capture.want(preview)

    def close_camera(self) -> None:
        """Let the camera stop."""
        self._capture.release()

    def leave(self, power_off: bool = False) -> None:
        """End the program for good; with `power_off` switch the machine off, where possible."""
        self.left = True
        self._powering_off = power_off and self.can_power_off
        self.stopping.set()

    def export_statistics(self) -> Path:
        """Write the statistics as CSV files and return their folder. Raises EdgeError."""
        now = self._wall()
        place = self._state_directory / "statistics" / f"{now:%Y-%m-%d-%H%M%S}"
        export(self.statistics, place, self.clock(), now)
        self._notices.notice(EntryKind.INFORMATION, f"statistics written to {place}")
        return place

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event; what is returned ends that."""
        return self._subscribers.subscribe(callback)

    # What is called from outside the views

    def start(self) -> None:
        """Begin: the camera as soon as it is wanted, the connection if it is to be automatic."""
        self._reading = self._health.read()
        self._background.start(self._capture.run())
        if self.settings.connection.automatic:
            self._link.connect()

    async def stop(self) -> None:
        """End connection and camera; switch the machine off if that was asked for.

        Raises EdgeError where that is not allowed.
        """
        await self._link.disconnect()
        await self._background.cancel()
        if self._powering_off and self._power_off is not None:
            self._power_off()

    def tick(self) -> None:
        """Sample traffic and frame rate; to be called every `statistics.SAMPLE_INTERVAL`."""
        now = self.clock()
        counts = self._link.statistics()
        self.statistics.sample(now, counts.bytes_sent, counts.bytes_received)
        self.progress.want(now, capture=self._capture.wanted, network=self._link.wanted)
        if (silence := self._link.silence) is not None:
            self.progress.network(now - silence)
        if self.updates.changed():
            self.report()

    def report(self) -> None:
        """Look at the machine and tell the server; to be called every ten seconds."""
        before = self.network
        self._reading = self._health.read()
        self._link.health(self.health)
        self.updates.report_streaming(
            self.clock(), connected=self._link.connected, camera=self._capture.state
        )
        if (network := self.network) != before:
            self._notices.network(before, network)

    # What happens

    def _connection_changed(self, status: Status) -> None:
        self.progress.network(self.clock())
        if status.connected:
            self.report()  # at once: the server judges an update from the first word about it
        self._from_server.changed(status)

    def _failed(self, error: BaseException) -> None:
        """End the program because of a fault of its own; systemd starts it again."""
        self.fault = error
        self.stopping.set()
