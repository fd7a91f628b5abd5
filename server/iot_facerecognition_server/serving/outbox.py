"""What waits to be sent to one client: bounded, since a client need not read."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class Outbox:
    """A queue of texts between the event loop's callbacks, which cannot wait, and the socket."""

    def __init__(self, most: int) -> None:
        """Hold up to `most` bytes of text (UTF-8) that the socket has not taken yet."""
        self._most = most
        self._texts: deque[bytes | Callable[[], None]] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, text: str) -> bool:
        """Add `text`; False, and nothing added, when that would pass the bound.

        An empty outbox takes any one text: whoever reads everything must not be cut for its size.
        """
        data = text.encode()
        if self._size and self._size + len(data) > self._most:
            return False
        self._texts.append(data)
        self._size += len(data)
        self._empty.clear()
        self._changed.set()
        return True

    def after(self, call: Callable[[], None]) -> None:
        """Call `call` once the socket has taken everything that was added before.

        For what comes after a text, whose bytes are what bounds the queue.
        """
        self._texts.append(call)
        self._changed.set()

    async def flushed(self) -> None:
        """Return when the socket has taken everything."""
        await self._empty.wait()

    async def send_all(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand every text to `send`, in order, until cancelled."""
        while True:
            while self._texts:
                text = self._texts.popleft()
                if callable(text):
                    text()
                else:
                    await send(text)
                    self._size -= len(text)
            self._empty.set()
            self._changed.clear()
            await self._changed.wait()
