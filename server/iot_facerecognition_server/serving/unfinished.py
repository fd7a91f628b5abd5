"""What messages that have begun and not ended hold of the server's memory, and for how long."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import inf
from typing import Final

FRAGMENT_BYTES: Final = 300
"""What a fragment costs in addition to its content: the objects that hold it, on 64 bits."""


@dataclass(slots=True)
class _Unfinished:
    account: Hashable
    since: float
    size: int


@dataclass(slots=True)
class _Account:
    """The unfinished messages of one account: how large they are, and whose, the oldest first."""

    size: int = 0
    connections: dict[Hashable, None] = field(default_factory=dict)


class UnfinishedMessages:
    """Holds the unfinished messages of all connections to a deadline and to bounds. Plain.

    Each account, which is what an identity's connections have in common, has a bound of its own:
    past it, only the connection whose message began first is to be read on. So large messages of
    one identity arrive one after the other, and what they take of memory does not depend on how
    many connections it has.
    """

    def __init__(
        self,
        total: int,
        seconds: float,
        of_account: float = inf,
        go_on: Callable[[Hashable], None] = lambda _: None,
    ) -> None:
        """Let them be `total` bytes together and `of_account` each, and each last `seconds`.

        `go_on` is called with a connection that is to be read on, as far as `of_account` goes.
        """
        self._most = total
        self._seconds = seconds
        self._of_account = of_account
        self._go_on = go_on
        self._held: dict[Hashable, _Unfinished] = {}  # in the order of their begin
        self._accounts: dict[Hashable, _Account] = {}
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of all unfinished messages together."""
        return self._size

    def hold(
        self, connection: Hashable, size: int, now: float, account: Hashable = None
    ) -> Hashable | None:
        """Record that `connection` of `account` has `size` bytes of a message at `now` (seconds).

        Past the total, return the connection to give up, which is forgotten: the one whose message
        has held most for longest, bytes times seconds. An ordinary frame that is just arriving is
        never that next to messages that somebody lets lie.
        """
        held = self._held.get(connection)
        if held is None:
            held = self._held[connection] = _Unfinished(account, now, 0)
        its = self._accounts.setdefault(held.account, _Account())
        its.connections[connection] = None
        self._size += size - held.size
        its.size += size - held.size
        held.size = size
        if self._size <= self._most:
            return None
        worst = max(self._held, key=lambda one: self._weight(self._held[one], now))
        self.release(worst)
        return worst

    def may_go_on(self, connection: Hashable) -> bool:
        """Tell whether `connection` is to be read, as far as its account's bound goes."""
        held = self._held.get(connection)
        if held is None:
            return True
        its = self._accounts[held.account]
        return its.size <= self._of_account or next(iter(its.connections)) is connection

    def release(self, connection: Hashable) -> None:
        """Record that `connection` has finished its message, or has gone; let others go on."""
        held = self._held.pop(connection, None)
        if held is None:
            return
        self._size -= held.size
        its = self._accounts[held.account]
        its.size -= held.size
        del its.connections[connection]
        if not its.connections:
            del self._accounts[held.account]
        elif its.size <= self._of_account:
            for other in tuple(its.connections):
                self._go_on(other)
        else:
            self._go_on(next(iter(its.connections)))

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
