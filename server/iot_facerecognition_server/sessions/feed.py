"""The feed: what happens to clients, published to whoever listens.

Publishers know no listener. A quick listener (`Feed.listen`) is called at once, on the event loop's
thread, and loses nothing. One that may be slow has a mailbox (`Feed.mailbox`), which is bounded:
what it does not take in time is lost to it alone, counted, and told in its place.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeVar, cast

from iot_facerecognition_server.sessions.events import (
    Event,
    FacesRecognised,
    FrameArrived,
    ObjectsRecognised,
)

_log = logging.getLogger(__name__)

_Event = TypeVar("_Event", bound=Event)
_Call = Callable[[Any], None]
_PICTURED: Final = (FrameArrived, FacesRecognised, ObjectsRecognised)
"""Events that may have a picture."""


@dataclass(frozen=True, slots=True)
class Lost:
    """So many events were lost here, since their listener was too slow."""

    events: int


class Feed:
    """Hands every event to those who listen to its kind, in the order in which they began to.

    On the event loop's thread only. Publishing never raises: a listener that does is a fault of its
    own, which is logged and counted, and the others are called all the same.
    """

    def __init__(
        self,
        failed: Callable[[], None] = lambda: None,
        lost: Callable[[str, int], None] = lambda _name, _events: None,
    ) -> None:
        """Call `failed` when a listener raised, `lost` with a mailbox's name and its losses."""
        self._failed = failed
        self._lost = lost
        self._calls: dict[type, tuple[_Call, ...]] = {}
        self._pictures = 0

    def publish(self, event: Event) -> None:
        """Let whoever listens know."""
        for call in self._calls.get(type(event), ()):
            try:
                call(event)
            except Exception:  # noqa: BLE001 - a listener's fault must not reach what happens
                self._failed()
                _log.exception("a listener failed at %s", type(event).__name__)

    def picture(self, jpeg: bytes) -> bytes | None:
        """Return what to publish of a frame's `jpeg`: nothing while nobody wants pictures."""
        return jpeg if self._pictures else None

    def listen(self, kind: type[_Event], call: Callable[[_Event], None]) -> None:
        """Call `call` with every event of `kind` from now on, without its picture.

        It returns quickly, and neither blocks nor raises.
        """
        if kind in _PICTURED:
            plain = cast("Callable[[Event], None]", call)
            self._add(kind, lambda event: plain(_without_picture(event)))
        else:
            self._add(kind, call)

    def mailbox(
        self, name: str, kinds: Iterable[type[Event]], most: int, picture_bytes: int = 0
    ) -> "Mailbox":
        """Return a mailbox that gets the events of `kinds` while it is open.

        `name` is what its losses are counted by. It holds `most` events, and of pictures
        `picture_bytes` (0: its listener wants none).
        """
        return Mailbox(self, tuple(kinds), most, picture_bytes, lambda n: self._lost(name, n))

    def open(self, kinds: Iterable[type[Event]], call: _Call, *, pictures: bool) -> None:
        """Call `call` with every event of `kinds`, with its picture if there is one."""
        self._pictures += pictures
        for kind in kinds:
            self._add(kind, call)

    def close(self, call: _Call, *, pictures: bool) -> None:
        """Undo `open`."""
        self._pictures -= pictures
        for kind, calls in self._calls.items():
            self._calls[kind] = tuple(one for one in calls if one != call)

    def _add(self, kind: type, call: _Call) -> None:
        self._calls[kind] = (*self._calls.get(kind, ()), call)


class Mailbox:
    """What waits for one listener; a context manager that is open while it is entered.

    The oldest events give way: a listener that comes back sees what holds now. On the event loop's
    thread only.
    """

    def __init__(
        self,
        feed: Feed,
        kinds: tuple[type[Event], ...],
        most: int,
        picture_bytes: int,
        lost: Callable[[int], None],
    ) -> None:
        """Made by `Feed.mailbox`."""
        self._feed = feed
        self._kinds = kinds
        self._most = most
        self._picture_bytes = picture_bytes
        self._count_lost = lost
        self._events: deque[Event] = deque()
        self._size = 0
        self._missing = 0
        self._changed = asyncio.Event()

    def __enter__(self) -> Self:
        self._feed.open(self._kinds, self._put, pictures=self._picture_bytes > 0)
        return self

    def __exit__(self, *_: object) -> None:
        self._feed.close(self._put, pictures=self._picture_bytes > 0)

    def __len__(self) -> int:
        """Return how many events wait."""
        return len(self._events)

    @property
    def picture_bytes(self) -> int:
        """How many bytes the pictures have that wait."""
        return self._size

    async def next(self) -> Event | Lost:
        """Return the next event, or first how many are missing before it."""
        while not self._events and not self._missing:
            self._changed.clear()
            await self._changed.wait()
        if self._missing:
            lost, self._missing = Lost(self._missing), 0
            return lost
        return self._pop()

    def _put(self, event: Event) -> None:
        if not self._picture_bytes:
            event = _without_picture(event)
        self._size += _picture_size(event)
        self._events.append(event)
        self._changed.set()
        lost = 0
        while len(self._events) > self._most or self._size > self._picture_bytes:
            self._pop()
            lost += 1
        if lost:
            self._missing += lost
            self._count_lost(lost)

    def _pop(self) -> Event:
        event = self._events.popleft()
        self._size -= _picture_size(event)
        return event


def _picture_size(event: Event) -> int:
    return len(event.picture or b"") if isinstance(event, _PICTURED) else 0


def _without_picture(event: Event) -> Event:
    if isinstance(event, _PICTURED) and event.picture is not None:
        return replace(event, picture=None)
    return event
