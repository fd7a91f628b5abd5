"""What waits to be sent: never more than the newest frame, the newest health and a few texts."""

from collections import deque

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_protocol import Health
from iot_facerecognition_protocol.records import dataclass

TEXTS_KEPT = 32
"""Texts that may wait for a connection."""


class OutboxFullError(Exception):
    """Too many texts wait already."""


@dataclass(frozen=True, slots=True)
class OutgoingFrame:
    """A JPEG to be sent; `captured` is the monotonic second it was taken, `mark` the program's.

    `scene` is what it shows, where the program tells.
    """

    jpeg: bytes
    captured: float
    mark: int | None = None
    scene: Scene | None = None


class Outbox:
    """Bounded room for each kind of message, across connections."""

    def __init__(self) -> None:
        self._texts: deque[str] = deque()
        self._text_under_way: str | None = None
        self._health: Health | None = None
        self._frame: OutgoingFrame | None = None

    def put_frame(self, frame: OutgoingFrame) -> bool:
        """Keep `frame` as the newest; True when it replaced one."""
        replaced = self._frame is not None
        self._frame = frame
        return replaced

    def pop_frame(self) -> OutgoingFrame | None:
        """Return the newest frame, once."""
        frame, self._frame = self._frame, None
        return frame

    @property
    def has_frame(self) -> bool:
        """Whether a frame waits."""
        return self._frame is not None

    def put_text(self, text: str) -> None:
        """Keep `text` until it can be sent. Raises OutboxFullError."""
        if len(self._texts) + (self._text_under_way is not None) >= TEXTS_KEPT:
            raise OutboxFullError(f"{TEXTS_KEPT} messages wait for a connection already")
        self._texts.append(text)

    def pop_text(self) -> str | None:
        """Return the oldest text, once; it is under way until `text_done` or `text_undone`."""
        self._text_under_way = self._texts.popleft() if self._texts else None
        return self._text_under_way

    @property
    def text_under_way(self) -> str | None:
        """The text that was taken and may not have reached the server."""
        return self._text_under_way

    def text_done(self) -> None:
        """Forget the text that is under way: it has arrived."""
        self._text_under_way = None

    def text_undone(self) -> None:
        """Let the text that is under way be the next one again: its connection ended too early."""
        if self._text_under_way is not None:
            self._texts.appendleft(self._text_under_way)
            self._text_under_way = None

    def put_health(self, health: Health) -> None:
        """Keep `health` in place of an older one."""
        self._health = health

    def pop_health(self) -> Health | None:
        """Return the newest health, once."""
        health, self._health = self._health, None
        return health
