"""Handing events to whoever wants them: callbacks at once, iterators through a bounded queue."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, Self, TypeVar

from iot_facerecognition_client.events import Event

E_co = TypeVar("E_co", covariant=True)
T = TypeVar("T")


class EventStream(AsyncIterator[E_co], Generic[E_co]):
    """Events in order, for `async for`; the oldest are dropped when more than `limit` wait.

    It collects from its making on and ends when the client is closed; a client that ended by a
    fault raises that here.
    """

    def __init__(self, limit: int, unsubscribe: Callable[["EventStream[Any]"], None]) -> None:
        self.dropped = 0
        """Events that were dropped unread."""
        self._waiting: deque[Any] = deque()
        self._limit = limit
        self._unsubscribe = unsubscribe
        self._news = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def put(self, event: Event) -> None:
        """Add one event."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(event)
        self._news.set()

    def end(self, error: BaseException | None = None) -> None:
        """Let the iteration end after what waits, with `error` if there is one."""
        self._ended = True
        self._error = error
        self._news.set()

    def close(self) -> None:
        """Stop collecting; the iteration ends after what waits."""
        self._unsubscribe(self)
        self.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E_co:
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        event: E_co = self._waiting.popleft()
        return event


class Subscriptions:
    """Who wants which events."""

    def __init__(self) -> None:
        self._callbacks: dict[object, tuple[type[Any], Callable[[Any], None]]] = {}
        self._streams: dict[EventStream[Any], tuple[type[Any], ...]] = {}

    def subscribe(self, kind: type[T], callback: Callable[[T], None]) -> Callable[[], None]:
        """Call `callback` with every event of `kind`; return what ends that."""
        key = object()
        self._callbacks[key] = (kind, callback)

        def unsubscribe() -> None:
            self._callbacks.pop(key, None)

        return unsubscribe

    def stream(self, kinds: tuple[type[T], ...], limit: int) -> EventStream[T]:
        """Return an iterator over the events of `kinds`."""
        if limit < 1:
            raise ValueError(f"a stream keeps at least one event, not {limit}")
        stream: EventStream[T] = EventStream(limit, self._forget)
        self._streams[stream] = kinds
        return stream

    def _forget(self, stream: EventStream[Any]) -> None:
        self._streams.pop(stream, None)

    def publish(self, event: Event) -> None:
        """Hand `event` to everybody who wants it.

        An error in a callback goes to the event loop's exception handler, which reports it: a
        faulty program must not tear its own connection down.
        """
        for stream, kinds in self._streams.items():
            if isinstance(event, kinds):
                stream.put(event)
        for kind, callback in tuple(self._callbacks.values()):
            if isinstance(event, kind):
                try:
                    callback(event)
                except Exception as error:  # noqa: BLE001 - reported, see above
                    asyncio.get_running_loop().call_exception_handler(
                        {"message": f"callback for {type(event).__name__}", "exception": error}
                    )

    def end(self, error: BaseException | None = None) -> None:
        """End every iterator."""
        for stream in self._streams:
            stream.end(error)
        self._streams.clear()
