"""A thread that does nothing but feed one network of a GPU."""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from iot_facerecognition_server.engine.kept_thread import KeptThread

Item = TypeVar("Item")


class WaitingItems(Generic[Item]):
    """The items that wait for a network, and which of them go together next.

    A batch holds items of one kind only (pictures of one size, say): that of the item which has
    waited longest. Plain: the caller brings the lock.
    """

    def __init__(self, batch_size: int, kind: Callable[[Item], Hashable]) -> None:
        """Let a batch hold up to `batch_size` items (at least 1)."""
        if batch_size < 1:
            raise ValueError(f"a batch holds at least one item, not {batch_size}")
        self._batch_size = batch_size
        self._kind = kind
        self._items: deque[Item] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, items: Iterable[Item]) -> None:
        """Put `items` at the end of the line."""
        self._items.extend(items)

    def take(self) -> list[Item]:
        """Return the next batch of what waits, however few that is; empty when nothing does."""
        batch: list[Item] = []
        rest: deque[Item] = deque()
        while self._items and len(batch) < self._batch_size:
            item = self._items.popleft()
            fits = not batch or self._kind(item) == self._kind(batch[0])
            (batch if fits else rest).append(item)
        self._items.extendleft(reversed(rest))
        return batch


class NetworkThread(Generic[Item]):
    """Runs a network over whatever waits, batch after batch, without ever waiting for more.

    While the GPU works on a batch the next one gathers: the busier the server, the larger the
    batches. Networks of different threads overlap on the GPU, each on a stream of its own.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item]], None],
        batch_size: int,
        *,
        kind: Callable[[Item], Hashable] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        replaced: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start the thread. `run` takes a batch and tells its items' owners, whatever happens.

        When it raises all the same, the thread goes on with the next batch, and `replaced` is
        called with its name.
        """
        self._run = run
        self._clock = clock
        self._waiting: WaitingItems[Item] = WaitingItems(batch_size, kind)
        self._changed = threading.Condition()
        self._closing = False
        self._began: float | None = None
        self._thread = KeptThread(name, self._work, replaced)
        self._thread.start()

    def put(self, items: Iterable[Item]) -> None:
        """Let `items` wait for their turn; from any thread."""
        with self._changed:
            self._waiting.put(items)
            self._changed.notify()

    def stalled_seconds(self) -> float:
        """Return for how many seconds it is at one batch; infinity when the thread has died."""
        if not self._closing and not self._thread.is_alive():
            return float("inf")
        began = self._began
        return 0.0 if began is None else self._clock() - began

    def close(self) -> None:
        """Finish what waits and end the thread; returns when it has ended."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._next():
            self._began = self._clock()
            try:
                self._run(batch)
            finally:
                self._began = None
            self._thread.progressed()

    def _next(self) -> list[Item]:
        with self._changed:
            while not len(self._waiting) and not self._closing:
                self._changed.wait()
            return self._waiting.take()
