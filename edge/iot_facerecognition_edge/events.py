"""What the appliance tells its views, hooks and daemon, as value types."""

from iot_facerecognition_client import Status
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.log.eventlog import Entry, EntryKind
from iot_facerecognition_edge.machine.health import WifiLink
from iot_facerecognition_edge.settings.values import SettingChanged
from iot_facerecognition_protocol import Face, ObjectLabel
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes since the start, and bytes a second."""

    sent: int
    received: int
    sent_rate: float
    received_rate: float


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection has another state."""

    connection: Status


@dataclass(frozen=True, slots=True)
class FacesSeen:
    """The faces of one frame, none in it perhaps, in pixels of the upright frame of `size`.

    `frame` is its number, None over version 1, where frames without a face are not reported. `time`
    is the monotonic time of arrival, `scene` what the frame showed.
    """

    faces: tuple[Face, ...]
    frame: int | None
    size: tuple[int, int]
    time: float
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class ObjectsSeen:
    """The labels of one frame, the most probable first; as in `FacesSeen`."""

    objects: tuple[ObjectLabel, ...]
    frame: int | None
    time: float
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class OperatorMessage:
    """The operators sent a message."""

    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that a person should see now; it stands in the log already."""

    kind: EntryKind
    text: str


@dataclass(frozen=True, slots=True)
class PinChecked:
    """A PIN was entered; `wait` is how many seconds have to pass before another try is heard."""

    right: bool
    wait: float


@dataclass(frozen=True, slots=True)
class CameraChanged:
    """The camera has another state."""

    status: CameraStatus


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """The camera has given its first picture since the program started."""


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """The radio has another state."""

    network: WifiLink


@dataclass(frozen=True, slots=True)
class EntryAdded:
    """The log has one more entry."""

    entry: Entry


Event = (
    ConnectionChanged
    | FacesSeen
    | ObjectsSeen
    | OperatorMessage
    | Noticed
    | PinChecked
    | SettingChanged
    | CameraChanged
    | FirstPicture
    | NetworkChanged
    | EntryAdded
)
