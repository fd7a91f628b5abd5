"""What happens to clients, as values: sessions make some of them, the feed takes all of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from iot_facerecognition_protocol import (
    Command,
    ErrorCode,
    FrameStatus,
    Health,
    ObjectLabel,
    SettingValue,
)
from iot_facerecognition_server.frames import RecognisedFace
from iot_facerecognition_server.sessions.connected_client import ConnectedClient

GONE: Final = "gone"
"""Why a frame was dropped whose client had left before its end; nobody is left to answer."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A client was let in; its other events come after this one."""

    client: ConnectedClient


@dataclass(frozen=True, slots=True)
class Renamed:
    """The client calls itself `name` now, which is cleaned for one line."""

    client: ConnectedClient
    name: str


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """The client set something other than its name; `value` is what holds now."""

    client: ConnectedClient
    command: Command
    value: SettingValue


@dataclass(frozen=True, slots=True)
class TextReceived:
    """The client sent a message for a person, cleaned for one line."""

    client: ConnectedClient
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something the client sent was not taken, and it has been answered as far as its version can.

    A frame is no such thing: it ends (`FrameEnded`). `fatal`: the connection is to be closed.
    """

    client: ConnectedClient
    code: ErrorCode
    message: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class HealthReceived:
    """The client reported how it is doing; `refused` names fields that were left out."""

    client: ConnectedClient
    health: Health
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that only a server sends, or a command from the future: `what` names it."""

    client: ConnectedClient
    what: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message of `size` bytes came, whatever is in it."""

    client: ConnectedClient
    size: int


@dataclass(frozen=True, slots=True)
class MessageSent:
    """The socket has taken a message of `size` bytes."""

    client: ConnectedClient
    size: int


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """Frame `number` came: it waits for its slot if it was `accepted`, and has ended if not.

    `picture` is its JPEG where a listener wants pictures, else None; so in all events.
    """

    client: ConnectedClient
    number: int
    accepted: bool
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class FacesRecognised:
    """The faces of frame `number`, the best first, as they go to the client."""

    client: ConnectedClient
    number: int
    faces: tuple[RecognisedFace, ...]
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class ObjectsRecognised:
    """The object labels of frame `number`, the best first, as they go to the client."""

    client: ConnectedClient
    number: int
    labels: tuple[ObjectLabel, ...]
    picture: bytes | None = None


class ResultKind(StrEnum):
    """What a result is about."""

    FACES = "faces"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class ResultSent:
    """A result of frame `number` has left, `seconds` after the frame came."""

    client: ConnectedClient
    number: int
    kind: ResultKind
    seconds: float


@dataclass(frozen=True, slots=True)
class FrameEnded:
    """Frame `number` was answered, as every frame is once; its client may have left meanwhile.

    `reason` says why it was dropped or rejected (a `DropReason`, `GONE` or an `ErrorCode`), and
    `message` the same in a sentence where there is one. A processed frame waited `queue_seconds`
    from its arrival until work on it began, which then took `compute_seconds`.
    """

    client: ConnectedClient
    number: int
    status: FrameStatus
    reason: str = ""
    message: str = ""
    queue_seconds: float = 0.0
    compute_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a client that has no event of its own: `message % values`, for the log.

    `level` is that of `logging`.
    """

    client: ConnectedClient
    level: int
    message: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """The connection has ended, by the client or the network if there is a `reason`."""

    client: ConnectedClient
    reason: str = ""


class Attempt(StrEnum):
    """What a peer wanted that was refused it."""

    SHAKE_HANDS = "shake hands"
    CONNECT = "connect"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """A peer at `address` did not become a client, or did not get what it wanted to pair for.

    `reason` is one of a fixed few (`refusal_reasons`, or an `ErrorCode`), `words` say it for
    people.
    """

    address: str
    attempt: Attempt
    reason: str
    words: str


TextOutcome = Renamed | SettingChanged | TextReceived | HealthReceived | Refused | Ignored
"""What a client's text message turned out to be."""

Event = (
    TextOutcome
    | Joined
    | MessageReceived
    | MessageSent
    | FrameArrived
    | FacesRecognised
    | ObjectsRecognised
    | ResultSent
    | FrameEnded
    | Remark
    | Left
    | PeerRefused
)
