"""What messages that have begun and not ended hold of the server's memory, and for how long."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

FRAGMENT_BYTES: Final = 300
"""What a fragment costs beside its content: the objects that hold it, on 64 bits."""


@dataclass(slots=True)
class _Unfinished:
    since: float
    size: int


class UnfinishedMessages:
    """Holds the unfinished messages of all connections to a deadline and to a total. Plain."""

    def __init__(self, total: int, seconds: float) -> None:
        """Let them be `total` bytes together, and each last `seconds`."""
        self._most = total
        self._seconds = seconds
        self._held: dict[Hashable, _Unfinished] = {}  # in the order of their begin
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of all unfinished messages together."""
        return self._size

    def hold(self, connection: Hashable, size: int, now: float) -> Hashable | None:
        """Record that `connection` has `size` bytes of a message at `now` (seconds).

        Past the total, return the connection to give up, which is forgotten: the one whose message
        has held most for longest, bytes times seconds. An ordinary frame that is just arriving is
        never that beside messages that somebody lets lie.
        """
        held = self._held.setdefault(connection, _Unfinished(now, 0))
        self._size += size - held.size
        held.size = size
        if self._size <= self._most:
            return None
        worst = max(self._held, key=lambda one: self._weight(self._held[one], now))
        self.release(worst)
        return worst

    def release(self, connection: Hashable) -> None:
        """Record that `connection` has finished its message, or has gone."""
        held = self._held.pop(connection, None)
        if held is not None:
            self._size -= held.size

    def overdue(self, now: float) -> tuple[Hashable, ...]:
        """Return the connections whose messages have taken too long at `now`, and forget them."""
        late = []
        for connection, held in self._held.items():
            if now - held.since < self._seconds:
                break
            late.append(connection)
        for connection in late:
            self.release(connection)
        return tuple(late)

    @staticmethod
    def _weight(held: _Unfinished, now: float) -> tuple[float, int]:
        return held.size * (now - held.since), held.size
