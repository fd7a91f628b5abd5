"""Messages as value types; `codec` turns them into text and back."""

from collections.abc import Mapping
from enum import StrEnum

from iot_facerecognition_protocol.commands import Command
from iot_facerecognition_protocol.records import dataclass
from iot_facerecognition_protocol.results import Face, ObjectLabel

SettingValue = str | int | bool | float | None
"""The value of a setting; None, where there may be one, leaves it to the server."""

SETTING_TYPES: Mapping[Command, type[str] | type[int] | type[bool] | type[float]] = {
    Command.SETTING_NAME: str,
    Command.SETTING_OBJDETECTIONENABLED: bool,
    Command.SETTING_LABELCOUNT: int,
    Command.SETTING_DETERMINISTICOBJECTDETECTION: bool,
    Command.SETTING_FACERECOGNITIONENABLED: bool,
    Command.SETTING_OBJECTTHRESHOLD: float,
}
"""The commands that are settings, with the type of their value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, asked for by the client or echoed by the server with the value that holds.

    `command` is one of `SETTING_TYPES` and `value` of the type it has there; a number with a
    fraction may also be an int, or None, by which a client leaves it to the server. Raises
    ValueError for another command, TypeError for another type.
    """

    command: Command
    value: SettingValue

    def __post_init__(self) -> None:
        kind = SETTING_TYPES.get(self.command)
        if kind is None:
            raise ValueError(f"{self.command!r} is no setting")
        allowed = (float, int, type(None)) if kind is float else kind
        if not isinstance(self.value, allowed) or isinstance(self.value, bool) is not (
            kind is bool
        ):
            raise TypeError(f"{self.command.name} is of type {kind.__name__}, not {self.value!r}")


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
    """The server is ready and asks the client for its settings.

    `window` is how many frames it suits the server to have unanswered at once, at least 1; None
    over version 1 and from servers that do not announce it.
    """

    window: int | None = None


class FrameStatus(StrEnum):
    """What became of a frame."""

    PROCESSED = "processed"
    DROPPED = "dropped"
    """A good frame that was superseded by a newer one, or had waited too long."""
    REJECTED = "rejected"
    """A frame that cannot be processed; an `ERROR` with its number says why."""


class DropReason(StrEnum):
    """Why a frame was dropped: the `reason` next to `FrameStatus.DROPPED`."""

    REPLACED = "replaced"
    """A newer frame came while it waited for its turn."""
    LATE = "late"
    """It waited longer for its turn than the server lets a frame wait."""
    FRAME_RATE = "frame-rate"
    """The client sends more frames a second than the server takes from one client."""
    SWITCHED_OFF = "switched-off"
    """The client wants neither faces nor objects, so there was nothing to find."""
    NOT_DUE = "not-due"
    """The client wants objects only, and it was not time yet to look for them again."""
    ENDING = "ending"
    """It came after `DRAIN`: the server takes no more frames before it closes the connection."""


@dataclass(frozen=True, slots=True)
class FrameDone:
    """The end of one frame, and the client's credit for another. Version 2.

    `queue_ms` is the time from arrival to the start of the work, `compute_ms` from there to the
    last result, both in milliseconds and 0 for a frame that was not worked on. `reason` is a
    `DropReason` for a dropped frame, an `ErrorCode` for a rejected one and None for the others.
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


class CameraState(StrEnum):
    """What an edge's camera is doing."""

    OFF = "off"
    """It is not wanted: the edge is paused."""
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    """It is wanted and gives no pictures; the edge tries again by itself."""


class UpdateState(StrEnum):
    """How far an edge's software update is; words may be added."""

    INSTALLING = "installing"
    """The new version is being installed, and is not running yet."""
    PROBATION = "probation"
    """The new version runs, and waits for `UpdateAcknowledged`; without it the old one returns."""
    GOOD = "good"
    """The server acknowledged it, and the edge keeps it."""
    ROLLED_BACK = "rolled-back"
    """The old version was put back; the reason says why."""
    SKIPPED = "skipped"
    """Nothing was changed; the reason says why."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an edge's updater says of its newest update, until it begins the next one."""

    version: str
    """The version to update to."""
    state: str
    """An `UpdateState`; words may be added."""
    attempt: str
    """Random text that names this one update; the acknowledgement repeats it."""
    from_version: str | None = None
    """The version that ran before, which a rollback puts back; `from` in JSON."""
    reason: str | None = None
    """Why it is in this state, for people."""


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
    frame_rate: float | None = None
    """Frames a second that the edge is set to send."""
    camera: str | None = None
    """What its camera is doing, a `CameraState`; words may be added."""
    installed: str | None = None
    """Software version on its disk, which the next start would run; `version` is what runs."""
    update: UpdateReport | None = None
    """Its newest software update, None where there never was one."""


@dataclass(frozen=True, slots=True)
class UpdateAcknowledged:
    """The server has seen the edge run and stream for long enough. Version 2, server to client.

    `version` is the version that it saw and `attempt` the `UpdateReport.attempt` that it accepts:
    an update to another version, or another attempt, stays on probation.
    """

    version: str
    attempt: str


@dataclass(frozen=True, slots=True)
class Drain:
    """The server is going to close the connection and expects to be back. Version 2.

    `back_in_ms` are the milliseconds from the close to when it expects to listen again, and
    `spread_ms` those over which its clients should spread their return; neither is negative.
    """

    back_in_ms: float = 0.0
    spread_ms: float = 0.0


Message = (
    Setting
    | Text
    | FacesFound
    | ObjectsFound
    | InitRequest
    | FrameDone
    | ErrorReport
    | Health
    | Drain
    | UpdateAcknowledged
)
