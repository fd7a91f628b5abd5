"""One client as the server sees it: its settings, its frames' numbers and what it is sent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from iot_facerecognition_protocol import (
    FROM_CLIENT,
    LABEL_COUNT_MAX,
    MESSAGE_LENGTH,
    Command,
    Drain,
    DropReason,
    ErrorCode,
    ErrorReport,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    LimitExceededError,
    Limits,
    MalformedMessageError,
    Message,
    ObjectLabel,
    ObjectsFound,
    SessionSettings,
    Setting,
    SettingValue,
    Text,
    UnknownCommandError,
    UpdateAcknowledged,
    Version,
    clean_text,
    decode,
    encode,
)
from iot_facerecognition_server.frames import ObjectsWanted, RecognisedFace, Wants
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.events import (
    FrameEnded,
    HealthReceived,
    Ignored,
    Refused,
    Renamed,
    SettingChanged,
    TextOutcome,
    TextReceived,
)
from iot_facerecognition_server.sessions.rate import RateLimit
from iot_facerecognition_server.sessions.wire_faces import wire_face

RATE_ERROR_SECONDS: Final = 10.0
"""Least time between two ERROR messages about ignored texts."""


class Session:
    """The protocol of one connection, without the connection.

    What comes in goes to the `receive_` methods, what was found out to the others; what is to be
    sent goes to `send` as text, in order, at once.
    """

    def __init__(
        self,
        client: ConnectedClient,
        send: Callable[[str], None],
        *,
        limits: Limits,
        object_labels: int,
        object_interval: float,
        object_threshold: float = 0.0,
        window: int | None = None,
    ) -> None:
        """Begin with the original's defaults.

        `object_labels` is how many labels the classifier knows, which bounds the label count (0:
        there is none); `object_interval` are the seconds between two frames that are searched for
        objects; labels below `object_threshold` are left out unless the client sets its own;
        `window` is how many frames the client may have unanswered at once (None: nothing).
        """
        self.client = client
        self.key = client.session
        self.version = client.version
        self.settings = SessionSettings()
        self._limits = limits
        self._object_labels = object_labels
        self._object_interval = object_interval
        self._object_threshold = object_threshold
        self._window = window
        self._send = send
        self._frames = 0
        self._next_objects = 0.0
        self._rate = RateLimit(limits.frame_rate)
        self._next_rate_error = 0.0

    @property
    def frames(self) -> int:
        """Frames that arrived so far."""
        return self._frames

    def wants(self, now: float, *, objects_free: bool = True) -> Wants | DropReason:
        """Return what is to be found out of a frame at `now`, or why nothing is.

        Objects are wanted at the session's interval only, and while `objects_free`, which is not so
        while another frame is searched for them; asking counts.
        """
        settings = self.settings
        wanted = settings.object_recognition and self._object_labels > 0
        objects = None
        if wanted and objects_free and now >= self._next_objects:
            objects = ObjectsWanted(
                settings.label_count, settings.deterministic_objects, self._threshold
            )
            self._next_objects = now + self._object_interval
        if objects is None and not settings.face_recognition:
            return DropReason.NOT_DUE if wanted else DropReason.SWITCHED_OFF
        return Wants(faces=settings.face_recognition, objects=objects)

    def open(self) -> None:
        """Ask the client for its settings."""
        self._send_message(InitRequest(self._window))

    def say(self, text: str) -> None:
        """Send the client a message for a person."""
        self._send_message(Text(text))

    def drain(self, hint: Drain) -> None:
        """Say when to come back, before the connection is closed; version 1 has no word for it."""
        if self.version >= Version.V2:
            self._send_message(hint)

    def acknowledge_update(self, version: str, attempt: str) -> None:
        """Tell a client on probation to keep its `version`; version 1 has no word for it."""
        if self.version >= Version.V2:
            self._send_message(UpdateAcknowledged(version, attempt))

    def receive_text(self, text: str) -> TextOutcome:
        """Take a text message and answer it."""
        try:
            self._limits.check_text(text)
        except LimitExceededError as exceeded:
            return self._refuse(exceeded.code, exceeded.reason, fatal=True)
        try:
            message = decode(text)
        except UnknownCommandError as unknown:
            return Ignored(self.client, f"command {unknown.command}")
        except MalformedMessageError as malformed:
            return self._malformed(malformed)
        match message:
            case Setting(command) if command.since > self.version:
                return Ignored(self.client, command.name)
            case Setting():
                self.settings = self._changed(message)
                self._echo(message.command)
                if message.command is Command.SETTING_NAME:
                    return Renamed(self.client, self.settings.name)
                return SettingChanged(self.client, message.command, self._held[message.command])
            case Text(said):
                return TextReceived(self.client, clean_text(said, MESSAGE_LENGTH))
            case Health():
                return HealthReceived(self.client, message)
            case _:
                return Ignored(self.client, type(message).__name__)

    def _malformed(self, error: MalformedMessageError) -> TextOutcome:
        """Answer a text that is no message, but for one that only a server would send."""
        if error.command is not None and error.command not in FROM_CLIENT:
            return Ignored(self.client, Command(error.command).name)
        self._echo(error.command)
        refused = self._refuse(ErrorCode.MALFORMED_MESSAGE, error.reason)
        if error.usable is None:
            return refused
        return HealthReceived(self.client, error.usable, refused)

    def ignore_text(self, now: float) -> Refused:
        """Ignore a text message that is over the sender's budget, and say so now and then."""
        reason = "more text messages than [Budget] Messages allows; those beyond are ignored"
        if now < self._next_rate_error:
            return Refused(self.client, ErrorCode.RATE, reason)
        self._next_rate_error = now + RATE_ERROR_SECONDS
        return self._refuse(ErrorCode.RATE, reason)

    def receive_frame(
        self, jpeg: bytes, now: float, *, within_budget: bool = True
    ) -> ArrivedFrame | FrameEnded:
        """Give a frame that arrived at `now` (monotonic seconds) its number; pass it or end it.

        One that is not `within_budget` of its sender's identity is dropped.
        """
        self._frames += 1
        try:
            self._limits.check_frame(len(jpeg))
        except LimitExceededError as exceeded:
            return self.reject(self._frames, exceeded.code, exceeded.reason)
        if not within_budget:
            message = "more frames than [Budget] FrameRate allows"
            return self.drop(self._frames, DropReason.FRAME_RATE, message)
        if not self._rate.allows(now):
            message = f"more than {self._limits.frame_rate:g} frames a second ([Limits] FrameRate)"
            return self.drop(self._frames, DropReason.FRAME_RATE, message)
        return ArrivedFrame(self.key, self._frames, jpeg, now)

    def faces_found(self, frame: int, faces: tuple[RecognisedFace, ...]) -> bool:
        """Send a frame's faces; to version 1 only when there are any, as the original does.

        Returns whether they were sent.
        """
        if not faces and self.version < Version.V2:
            return False
        self._send_message(FacesFound(tuple(map(wire_face, faces)), frame))
        return True

    def objects_found(self, frame: int, objects: tuple[ObjectLabel, ...]) -> None:
        """Send a frame's labels."""
        self._send_message(ObjectsFound(objects, frame))

    def processed(self, frame: int, queue_seconds: float, compute_seconds: float) -> None:
        """Give back the credit of a frame that was worked on; times as in `FrameEnded`."""
        self._finish(
            FrameDone(
                frame,
                FrameStatus.PROCESSED,
                round(queue_seconds * 1e3, 3),
                round(compute_seconds * 1e3, 3),
            )
        )

    def drop(self, frame: int, reason: DropReason, message: str = "") -> FrameEnded:
        """Give back the credit of a good frame that is dropped; `message` is for the log."""
        self._finish(FrameDone(frame, FrameStatus.DROPPED, reason=reason))
        return FrameEnded(self.client, frame, FrameStatus.DROPPED, str(reason), message)

    def reject(self, frame: int, code: ErrorCode, message: str) -> FrameEnded:
        """Say why a frame cannot be processed, and give back its credit."""
        try:
            self._refuse(code, message, frame=frame)
        finally:
            self._finish(FrameDone(frame, FrameStatus.REJECTED, reason=str(code)))
        return FrameEnded(self.client, frame, FrameStatus.REJECTED, str(code), message)

    def refuse_and_close(self, code: ErrorCode, message: str) -> Refused:
        """Say why the connection is going to be closed."""
        return self._refuse(code, message, fatal=True)

    def _changed(self, setting: Setting) -> SessionSettings:
        match setting:
            case Setting(Command.SETTING_NAME, str(name)):
                return self.settings.renamed(name)
            case Setting(Command.SETTING_LABELCOUNT, int(count)):
                most = self._object_labels or LABEL_COUNT_MAX
                return self.settings.with_label_count(count, most)
            case Setting(Command.SETTING_OBJDETECTIONENABLED, value):
                return replace(self.settings, object_recognition=bool(value))
            case Setting(Command.SETTING_FACERECOGNITIONENABLED, value):
                return replace(self.settings, face_recognition=bool(value))
            case Setting(Command.SETTING_OBJECTTHRESHOLD, float() | int() | None as threshold):
                return self.settings.with_object_threshold(threshold)
            case Setting(_, value):
                return replace(self.settings, deterministic_objects=bool(value))

    @property
    def _threshold(self) -> float:
        """The least probability of a label that is reported; version 1 gets the best anyway."""
        if self.version < Version.V2:
            return 0.0
        own = self.settings.object_threshold
        return self._object_threshold if own is None else own

    @property
    def _held(self) -> dict[int, SettingValue]:
        """The values that hold, by command."""
        return {
            Command.SETTING_NAME: self.settings.name,
            Command.SETTING_LABELCOUNT: self.settings.label_count,
            Command.SETTING_OBJDETECTIONENABLED: self.settings.object_recognition,
            Command.SETTING_FACERECOGNITIONENABLED: self.settings.face_recognition,
            Command.SETTING_DETERMINISTICOBJECTDETECTION: self.settings.deterministic_objects,
            Command.SETTING_OBJECTTHRESHOLD: self._threshold,
        }

    def _echo(self, command: int | None) -> None:
        """Tell the value that holds, which may be another than the one asked for."""
        if command in self._held and Command(command).since <= self.version:
            self._send_message(Setting(Command(command), self._held[command]))

    def _refuse(
        self, code: ErrorCode, message: str, frame: int | None = None, *, fatal: bool = False
    ) -> Refused:
        if self.version >= Version.V2:
            self._send_message(ErrorReport(str(code), message, frame))
        return Refused(self.client, code, message, fatal)

    def _finish(self, done: FrameDone) -> None:
        if self.version >= Version.V2:
            self._send_message(done)

    def _send_message(self, message: Message) -> None:
        self._send(encode(message, self.version))
