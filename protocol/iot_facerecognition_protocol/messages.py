"""Messages as value types; `codec` turns them into text and back."""

from dataclasses import dataclass
from enum import StrEnum

from iot_facerecognition_protocol.commands import Command
from iot_facerecognition_protocol.results import Face, ObjectLabel


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, asked for by the client or echoed by the server with the value that holds.

    `command` is one of `SETTING_NAME` (str), `SETTING_LABELCOUNT` (int) and the three switches
    (bool).
    """

    command: Command
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Text:
    """A message from one person to the other side's log or screen, in either direction."""

    text: str


@dataclass(frozen=True, slots=True)
class FacesFound:
    """The faces of one frame. `frame` is its number, None over version 1."""

    faces: tuple[Face, ...]
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectsFound:
    """The labels of one frame, most probable first. `frame` is its number, None over version 1."""

    objects: tuple[ObjectLabel, ...]
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class InitRequest:
    """The server is ready and asks the client for its settings."""


class FrameStatus(StrEnum):
    """What became of a frame."""

    PROCESSED = "processed"
    DROPPED = "dropped"
    """A good frame that gave way: to a newer one, or because it had waited too long."""
    REJECTED = "rejected"
    """A frame that cannot be processed; an `ERROR` with its number says why."""


@dataclass(frozen=True, slots=True)
class FrameDone:
    """The end of one frame, and the client's credit for another. Version 2.

    `queue_ms` is the time from arrival to the start of the work, `compute_ms` from there to the
    last result, both in milliseconds.
    """

    frame: int
    status: FrameStatus
    queue_ms: float = 0.0
    compute_ms: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """Why something was refused: `code` (an `ErrorCode`) for programs, `message` for people."""

    code: str
    message: str
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How an edge is doing. Version 2, client to server; what an edge cannot tell is None."""

    version: str | None = None
    """Software version of the client."""
    cpu_temperature: float | None = None
    """Degrees Celsius."""
    throttled: int | None = None
    """Bit field of `vcgencmd get_throttled`: 1 under-voltage, 2 frequency capped, 4 throttled."""
    wifi_signal: float | None = None
    """dBm, negative."""
    memory_free: int | None = None
    """Bytes available to programs."""
    uptime: float | None = None
    """Seconds since boot."""
    capture_fps: float | None = None
    """Frames a second from the camera."""
    drops: int | None = None
    """Frames dropped at the edge since its start."""


Message = (
    Setting | Text | FacesFound | ObjectsFound | InitRequest | FrameDone | ErrorReport | Health
)
