"""What the person at the device is told: kept in the log, and shown for a moment."""

from collections.abc import Callable

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.events import NetworkChanged, Noticed
from iot_facerecognition_edge.log.eventlog import ENTRY_LENGTH, EntryKind, EventLog
from iot_facerecognition_edge.machine.health import WifiLink
from iot_facerecognition_protocol import CameraState, clean_text


class Notices:
    """Adds entries to the log and announces them to whoever shows them."""

    def __init__(self, log: EventLog, publish: Callable[[Noticed | NetworkChanged], None]) -> None:
        """Keep notices in `log`, and `publish` each."""
        self._log = log
        self._publish = publish

    def notice(self, kind: EntryKind, text: str) -> None:
        """Keep and announce `text`."""
        entry = self._log.add(kind, text)
        self._publish(Noticed(kind, entry.text))

    def note(self, text: str) -> None:
        """Keep `text`, which needs nobody's eye, in the log only."""
        self._log.information(text)

    def once(self, kind: EntryKind, text: str) -> None:
        """Notice `text` unless it is still the newest of its kind: attempts never end."""
        newest = next(iter(self._log.entries({kind})), None)
        if newest is None or newest.text != clean_text(text, ENTRY_LENGTH):
            self.notice(kind, text)

    def connection(self, connection: Status, *, unchecked: bool) -> None:
        """Tell of a connection's new state; `unchecked` is one whose server nobody vouches for."""
        match connection.state:
            case State.CONNECTED:
                self.notice(EntryKind.INFORMATION, connection.text)
                if unchecked:
                    self.warn(
                        "the server's identity is NOT checked: whoever answers gets the token and "
                        "every picture; set connection.tls_mode to fingerprint"
                    )
            case State.REFUSED:
                self.once(EntryKind.ERROR, connection.text)
            case State.RETRYING:
                self.once(EntryKind.WARNING, connection.text)
            case State.DISCONNECTED:
                self._log.information(connection.text)
            case State.NOT_SET_UP:
                self._log.add(EntryKind.WARNING, f"{connection.state}: {connection.text}")

    def camera(self, status: CameraStatus) -> None:
        """Tell of the camera's new state."""
        if status.state is CameraState.FAILED:
            self.once(EntryKind.ERROR, status.text)
        elif status.state is CameraState.RUNNING:
            self._log.information(f"camera: {status.text}")

    def network(self, before: WifiLink, now: WifiLink) -> None:
        """Announce another state of the radio, and tell of a link that came or went."""
        if now.wifi != before.wifi and before.wifi is not None:
            self.notice(EntryKind.INFORMATION if now.wifi else EntryKind.WARNING, now.text)
        self._publish(NetworkChanged(now))

    def warn(self, text: str) -> None:
        """Notice a warning, once."""
        self.once(EntryKind.WARNING, text)
