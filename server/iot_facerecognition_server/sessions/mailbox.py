"""What waits for one listener of the feed that may be slow."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from iot_facerecognition_server.sessions.events import Event

_Put = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Lost:
    """So many events were lost here, since their listener was too slow."""

    events: int


class Mailbox:
    """A bounded queue of events; a context manager that gets them while it is entered.

    The oldest events give way: a listener that comes back sees what holds now. On the event loop's
    thread only.
    """

    def __init__(
        self,
        enter: Callable[[_Put], None],
        leave: Callable[[_Put], None],
        most: int,
        picture_bytes: int,
        lost: Callable[[int], None],
    ) -> None:
        """Hold `most` events, and `picture_bytes` of their pictures (0: they have none).

        `enter` takes what is to be called with each event from then on, and `leave` ends that;
        `lost` is called with a number of events that are lost.
        """
        self._enter = enter
        self._leave = leave
        self._most = most
        self._picture_bytes = picture_bytes
        self._lost = lost
        self._events: deque[Event] = deque()
        self._size = 0
        self._missing = 0
        self._filled = asyncio.Event()
        self._put = self._put_pictured if picture_bytes else self._put_plain

    def __enter__(self) -> Self:
        self._enter(self._put)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(self._put)

    def __len__(self) -> int:
        """Return how many events wait."""
        return len(self._events)

    @property
    def picture_bytes(self) -> int:
        """How many bytes the pictures have that wait."""
        return self._size

    async def take(self) -> list[Event | Lost]:
        """Wait for an event, and return all that are there; first how many are missing, if any."""
        await self._filled.wait()
        self._filled.clear()
        taken: list[Event | Lost] = [Lost(self._missing)] if self._missing else []
        taken += self._events
        self._events.clear()
        self._size = self._missing = 0
        return taken

    def _put_plain(self, event: Event) -> None:
        events = self._events
        events.append(event)
        if len(events) > self._most:
            events.popleft()
            self._missing += 1
            self._lost(1)
        self._filled.set()

    def _put_pictured(self, event: Event) -> None:
        self._events.append(event)
        self._size += _picture_size(event)
        lost = 0
        while len(self._events) > self._most or self._size > self._picture_bytes:
            self._size -= _picture_size(self._events.popleft())
            lost += 1
        if lost:
            self._missing += lost
            self._lost(lost)
        self._filled.set()


def _picture_size(event: Event) -> int:
    return len(getattr(event, "picture", None) or b"")
