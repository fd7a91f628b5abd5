"""Event routing: what happens in one part of the appliance is led to the parts it concerns."""

from collections.abc import Callable
from typing import Any

from iot_facerecognition_client import (
    FacesResult,
    FrameEnded,
    ObjectsResult,
    ServerError,
    SettingHeld,
    Status,
    TextReceived,
    TextSent,
)
from iot_facerecognition_edge.appliance.notices import Notices
from iot_facerecognition_edge.appliance.results import Results
from iot_facerecognition_edge.background import BackgroundTasks
from iot_facerecognition_edge.cameras.interface import Picture
from iot_facerecognition_edge.cameras.memory import CameraMemory
from iot_facerecognition_edge.capture.capture import Capture
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.connection.link import Link
from iot_facerecognition_edge.connection.synchronisation import Synchronisation
from iot_facerecognition_edge.events import (
    CameraChanged,
    ConnectionChanged,
    Event,
    FirstPicture,
    OperatorMessage,
)
from iot_facerecognition_edge.log.eventlog import ENTRY_LENGTH, EntryKind
from iot_facerecognition_edge.machine.updates import Updates
from iot_facerecognition_edge.settings import SettingChanged, Settings
from iot_facerecognition_edge.settings.device import StatisticsSettings
from iot_facerecognition_edge.settings.setting import Group
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_protocol import CameraState, clean_text

MESSAGE_LENGTH = 1000
"""Characters of a message that are kept, either way."""
_CAMERA = f"{Group.CAMERA}."


class Subscribers:
    """Who gets the appliance's events."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Event], None]] = []

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event; what is returned ends that."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def publish(self, event: Event) -> None:
        """Call everybody, in their order."""
        for callback in list(self._callbacks):
            callback(event)


class FromCamera:
    """Leads pictures to the server, and the camera's state to log and views."""

    def __init__(
        self,
        settings: Settings,
        memory: CameraMemory,
        *,
        capture: Capture,
        link: Link,
        notices: Notices,
        background: BackgroundTasks,
        publish: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._capture = capture
        self._link = link
        self._notices = notices
        self._background = background
        self._publish = publish
        self._pictured = False

    def picture(self, picture: Picture) -> None:
        """Send a picture; the first one since the start is announced."""
        if not self._pictured:
            self._pictured = True
            self._publish(FirstPicture())
        self._link.send(picture.jpeg, picture.time, picture.scene or self._capture.scene)

    def changed(self, status: CameraStatus) -> None:
        """Tell of another state; remember what a running camera can do."""
        self._notices.camera(status)
        able = status.capabilities
        if status.state is CameraState.RUNNING and able is not None:
            work = self._memory.keep(self._settings, able.controls, self._notices.warn, able.sizes)
            self._background.start(work)
        self._publish(CameraChanged(status))


class FromServer:
    """Leads what the client library tells to results, settings, updates, log and views."""

    def __init__(
        self,
        settings: Settings,
        *,
        results: Results,
        synchronisation: Synchronisation,
        updates: Updates,
        notices: Notices,
        publish: Callable[[Event], None],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._results = results
        self._synchronisation = synchronisation
        self._updates = updates
        self._notices = notices
        self._publish = publish
        self._clock = clock

    def event(self, event: Any) -> None:
        """Handle one of `results.CLIENT_EVENTS`."""
        now = self._clock()
        self._updates.accept(event, now)
        match event:
            case FrameEnded():
                self._results.frame_ended(event, now)
            case FacesResult():
                self._results.faces(event, now)
            case ObjectsResult():
                self._results.objects(event, now)
            case TextReceived(text):
                line = clean_text(text, MESSAGE_LENGTH)
                self._notices.notice(EntryKind.INFORMATION, f"message: {line}")
                self._publish(OperatorMessage(line, now))
            case TextSent(text):
                self._notices.note(f"message sent: {text}")
            case ServerError(code, message):
                line = clean_text(
                    f"the server rejected something ({code}): {message}", ENTRY_LENGTH
                )
                self._notices.notice(EntryKind.WARNING, line)
            case SettingHeld(name):
                self._synchronisation.answered(name)

    def changed(self, status: Status) -> None:
        """Tell of the connection's new state."""
        unchecked = self._settings.connection.tls_mode == "ignore"
        self._notices.connection(status, unchecked=unchecked)
        self._publish(ConnectionChanged(status))


class FromSettings:
    """Leads changes of settings to the parts that follow them at once, and to the views."""

    def __init__(
        self, statistics: Statistics, capture: Capture, publish: Callable[[Event], None]
    ) -> None:
        self._statistics = statistics
        self._capture = capture
        self._publish = publish

    def changed(self, change: SettingChanged) -> None:
        """Follow one change."""
        if change.key == StatisticsSettings.window.key:
            self._statistics.window = float(change.new)
        if change.key.startswith(_CAMERA):
            self._capture.follow_settings()
        self._publish(change)
