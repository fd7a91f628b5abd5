"""What a client tells its program."""

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_client.status import Status
from iot_facerecognition_protocol import (
    Face,
    FrameStatus,
    ObjectLabel,
    SettingValue,
    UpdateAcknowledged,
)
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class FacesResult:
    """The faces of one frame; none over version 2 means that nobody is in it.

    `frame` is its number on this connection, `captured` the monotonic second it was taken,
    `latency` the seconds from there to this result and `mark` what was given to `Client.send`. All
    four are None over version 1, whose results name no frame. `scene` was given to `Client.send`
    too; over version 1 it is the newest frame's.
    """

    faces: tuple[Face, ...]
    frame: int | None = None
    captured: float | None = None
    latency: float | None = None
    mark: int | None = None
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class ObjectsResult:
    """The labels of one frame, the most probable first; the rest as in `FacesResult`."""

    objects: tuple[ObjectLabel, ...]
    frame: int | None = None
    captured: float | None = None
    latency: float | None = None
    mark: int | None = None
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class FrameEnded:
    """The server is done with a frame. Version 2 only; the last that is heard of it.

    `queue_ms` and `compute_ms` are the server's own milliseconds, the rest as in `FacesResult`.
    """

    frame: int
    status: FrameStatus
    reason: str | None = None
    queue_ms: float = 0.0
    compute_ms: float = 0.0
    captured: float | None = None
    latency: float | None = None
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A message from the server's operators, as it came: clean it before it meets a log."""

    text: str


@dataclass(frozen=True, slots=True)
class TextSent:
    """A message to the operators reached the server: it answered a ping that was sent behind it."""

    text: str


@dataclass(frozen=True, slots=True)
class ServerError:
    """The server rejected something: `code` is an `ErrorCode`, `message` says what to do."""

    code: str
    message: str
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class SettingHeld:
    """A setting took effect: `held` is what holds, which may differ from what was `asked`.

    `name` is the field of `SessionSettings`; `asked` is None when this client asked for nothing, or
    left it to the server.
    """

    name: str
    asked: SettingValue
    held: SettingValue


Event = (
    Status
    | FacesResult
    | ObjectsResult
    | FrameEnded
    | TextReceived
    | TextSent
    | ServerError
    | SettingHeld
    | UpdateAcknowledged
)
"""Everything a program can subscribe to; `UpdateAcknowledged` is the protocol's own."""
