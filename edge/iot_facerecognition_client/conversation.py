"""One connection's conversation, without the connection."""

from iot_facerecognition_client.events import (
    Event,
    FacesResult,
    FrameEnded,
    ObjectsResult,
    ServerError,
    TextReceived,
    TextSent,
)
from iot_facerecognition_client.link_window import LinkWindow
from iot_facerecognition_client.outbox import Outbox, OutgoingFrame
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_client.settings_sync import SettingsSync
from iot_facerecognition_client.statistics import Counters
from iot_facerecognition_protocol import (
    CREDIT_SECONDS,
    DEFAULT_WINDOW,
    CreditWindow,
    Drain,
    ErrorCode,
    ErrorReport,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    MalformedMessageError,
    Message,
    ObjectsFound,
    Setting,
    Text,
    UnknownCommandError,
    UpdateAcknowledged,
    Version,
    decode,
    encode,
)
from iot_facerecognition_protocol.records import dataclass

_GOES_ON = {ErrorCode.MALFORMED_MESSAGE, ErrorCode.RATE}
"""Codes after which the connection goes on: when it ends later, they are not why."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a result comes from, as far as it is known."""

    captured: float | None = None
    latency: float | None = None
    mark: int | None = None
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A frame that is under way, and the monotonic second when it was sent."""

    frame: OutgoingFrame
    sent: float


class Conversation:
    """Decides what is sent next and what a received text means; owns neither socket nor clock.

    The caller sends what `next_message` gives, one at a time, each when the transport has taken the
    one before. Over version 1 there is no credit: the caller asks again when the server has the
    frame. It hands every received text
    to `receive`. Nothing is sent before the server asked for the settings (`begun`), because a
    frame that overtakes them would be worked on under the server's defaults; `begin` is for servers
    that never ask.
    """

    def __init__(
        self,
        version: Version,
        settings: SettingsSync,
        outbox: Outbox,
        statistics: Counters,
        *,
        window: int | None = None,
        credit_timeout: float = CREDIT_SECONDS,
    ) -> None:
        """`window` frames may be under way; None leaves it to the server and to the link.

        The credit of a frame is taken back after `credit_timeout` seconds without its end.
        """
        self.version = version
        self.begun = False
        self.waiting_since: float | None = None
        """Monotonic second since when a frame is under way without news of any; else None."""
        self.last_error: ServerError | None = None
        """The last error that ends the connection: not about a frame or a single text."""
        self.drain: Drain | None = None
        """When the server, which is going to close the connection, expects to be back."""
        self._newest_scene: Scene | None = None
        self._settings = settings
        self._outbox = outbox
        self._statistics = statistics
        self._link = LinkWindow(DEFAULT_WINDOW) if window is None else None
        self._credit = CreditWindow(window or DEFAULT_WINDOW, credit_timeout)
        self._under_way: dict[int, _UnderWay] = {}

    @property
    def unanswered(self) -> int:
        """Frames that wait for being sent or, over version 2, for their end."""
        return len(self._under_way) + self._outbox.has_frame

    def begin(self) -> None:
        """Say all settings, then let frames go."""
        self.begun = True
        self._settings.requested(self.version)

    def next_message(self, now: float) -> str | bytes | None:
        """Return what to send at `now`: text, a JPEG, or None when nothing may or need be sent."""
        message = self._next_text() if self.begun else None
        if message is not None:
            text = encode(message, self.version)
            self._statistics.bytes_sent += len(text.encode())
            return text
        frame = self._next_frame(now) if self.begun else None
        if frame is None:
            return None
        self._statistics.frame_sent(now)
        self._statistics.bytes_sent += len(frame.jpeg)
        self._newest_scene = frame.scene
        return frame.jpeg

    def _next_text(self) -> Message | None:
        if (setting := self._settings.next_change()) is not None:
            return setting
        if (text := self._outbox.pop_text()) is not None:
            return Text(text)
        return self._outbox.pop_health() if self.version >= Version.V2 else None

    def _next_frame(self, now: float) -> OutgoingFrame | None:
        if self.version < Version.V2:
            return self._outbox.pop_frame()
        for overdue in self._credit.take_back(now):
            del self._under_way[overdue]
            self._statistics.lost += 1
        if self.drain is not None:
            return None  # it accepts no further frame
        if not self._credit.available or (frame := self._outbox.pop_frame()) is None:
            return None
        self._under_way[self._credit.sent(now)] = _UnderWay(frame, now)
        if self.waiting_since is None:
            self.waiting_since = now
        return frame

    @property
    def wants_receipt(self) -> bool:
        """Whether what `next_message` gave last is a text for operators, which must not get lost.

        The caller then makes sure that the server has it before it calls `delivered`.
        """
        return self._outbox.text_under_way is not None

    def delivered(self) -> TextSent | None:
        """Account for what `next_message` gave last: it is sent. Return the event, if any."""
        text = self._outbox.text_under_way
        self._outbox.text_done()
        return None if text is None else TextSent(text)

    def receive(self, data: str | bytes, now: float) -> Event | None:
        """Take in what the server sent at `now`; return what the program should know of it."""
        self._statistics.bytes_received += len(data.encode() if isinstance(data, str) else data)
        if isinstance(data, bytes):
            self._statistics.unreadable += 1
            return None
        try:
            message = decode(data)
        except MalformedMessageError:
            self._statistics.unreadable += 1
            return None
        except UnknownCommandError:
            self._statistics.unknown += 1
            return None
        return self._take(message, now)

    def _take(self, message: Message, now: float) -> Event | None:
        match message:
            case InitRequest(window):
                self._asked(window)
                return None
            case Setting():
                return self._settings.echoed(message)
            case FacesFound() | ObjectsFound():
                return self._found(message, now)
            case FrameDone():
                return self._frame_done(message, now)
            case Text(text):
                return TextReceived(text)
            case ErrorReport():
                return self._error_received(message)
            case Drain():
                self.drain = message
                return None
            case UpdateAcknowledged():
                return message
            case Health():
                self._statistics.unreadable += 1  # a command for the other direction
                return None

    def _found(self, found: FacesFound | ObjectsFound, now: float) -> Event:
        origin = self._origin(found.frame, now)
        from_where = (found.frame, origin.captured, origin.latency, origin.mark, origin.scene)
        if isinstance(found, FacesFound):
            self._statistics.faces_received(now, origin.latency)
            return FacesResult(found.faces, *from_where)
        self._statistics.objects_received(now, origin.latency)
        return ObjectsResult(found.objects, *from_where)

    def _asked(self, window: int | None) -> None:
        """Begin, with the `window` that the server announces, unless the program gave one."""
        if self._link is not None:
            self._link = LinkWindow(window or DEFAULT_WINDOW)
            self._credit.resize(self._link.window)
        self.begin()

    def _error_received(self, report: ErrorReport) -> ServerError:
        event = ServerError(report.code, report.message, report.frame)
        if report.frame is None and report.code not in _GOES_ON:
            self.last_error = event
        return event

    def _frame_done(self, done: FrameDone, now: float) -> FrameEnded | None:
        if not self._credit.done(done.frame):
            if 0 < done.frame <= self._credit.last:
                # Too late, but an answer: the link is slow, and the server is not stuck.
                self.waiting_since = now if self._under_way else None
            else:
                self._statistics.unreadable += 1  # a frame that was never sent
            return None
        origin = self._origin(done.frame, now)
        sent = self._under_way.pop(done.frame).sent
        if self._link is not None and done.status is FrameStatus.PROCESSED:
            self._link.answered(now - sent, (done.queue_ms + done.compute_ms) / 1e3)
            self._credit.resize(self._link.window)
        self.waiting_since = now if self._under_way else None
        return FrameEnded(
            done.frame,
            done.status,
            done.reason,
            done.queue_ms,
            done.compute_ms,
            origin.captured,
            origin.latency,
            origin.mark,
        )

    def _origin(self, frame: int | None, now: float) -> _Origin:
        under_way = None if frame is None else self._under_way.get(frame)
        if under_way is None:
            return _Origin(scene=self._newest_scene if self.version < Version.V2 else None)
        sent = under_way.frame
        return _Origin(sent.captured, now - sent.captured, sent.mark, sent.scene)

    def end(self) -> None:
        """Account for what the connection leaves behind."""
        self._statistics.lost += len(self._under_way)
        self._under_way.clear()
        self.waiting_since = None
        if self._outbox.pop_frame() is not None:
            self._statistics.disconnected += 1
        self._outbox.text_undone()
        self._settings.disconnected()
