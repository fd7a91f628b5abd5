"""What one identity may send and cause, all its connections together: plain, times are passed in.

What is over the budget is discarded before anybody looks at it, and a connection is not read until
the budget is even again: so a flood fills its sender's own socket, whatever its speed.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from iot_facerecognition_server.sessions.rate import RateLimit

TEXT_SECONDS: Final = 20.0
"""How long texts can be saved up: a hundred edges of one token may send their settings at once."""
LOG_SECONDS: Final = 600.0
"""How long log lines can be saved up."""
_SUMMARY_SECONDS: Final = 60.0
_LINE: Final = 200
"""Characters of a log line; a longer one counts as several."""
_DISCARDED: Final = 0.2
"""What a discarded message costs, as part of one that is taken: it is received, and no more."""
_UNSEEN: Final = 4.0
"""What receiving costs in all, as a multiple of what can be measured of it: the rest is TLS and the
event loop. `python -m benchmarks.receiving` prints it: 3.7 with frames from 40 KB to 3.9 MB."""
_REMEMBERED: Final = 10_000
"""Identities without a connection whose budgets are kept until they are full again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLimits:
    """What each identity may send and cause; 0: any number."""

    messages: float = 50.0
    """Text messages a second."""
    frames: float = 600.0
    """Frames a second."""
    bytes: float = 120_000_000.0
    """Bytes a second."""
    receiving: float = 0.1
    """Seconds in a second that it takes to receive what they send, while others are connected."""
    log_lines: float = 60.0
    """Log lines a minute."""


class Spent(Enum):
    """What is to become of a text message."""

    WITHIN = auto()
    OVER = auto()
    """Discard it."""
    FLOODING = auto()
    """Discard it and close the connection: this has gone on for too long."""


class LogBudget:
    """How many lines in the log an identity may cause, and how many it would have caused more."""

    def __init__(self, per_minute: float) -> None:
        """Allow `per_minute` in the long run; 0 allows any number."""
        self._lines = RateLimit(per_minute / 60, LOG_SECONDS)
        self._left_out = 0
        self._reported = -math.inf

    def allows(self, characters: int, now: float) -> bool:
        """Tell whether a line of that length may be written, and count it."""
        if self._lines.allows(now, 1 + characters // _LINE):
            return True
        self._left_out += 1
        return False

    def left_out(self, now: float) -> int:
        """Return how many lines were left out since the last report, once a minute at most."""
        if not self._left_out or now - self._reported < _SUMMARY_SECONDS:
            return 0
        self._reported = now
        left_out, self._left_out = self._left_out, 0
        return left_out

    def is_full(self, now: float) -> bool:
        """Tell whether there is nothing to remember."""
        return self._lines.is_full(now) and not self._left_out


class Budget:
    """What one identity may still send and cause."""

    def __init__(self, limits: BudgetLimits, contended: Callable[[], bool] = lambda: True) -> None:
        """Begin with all that can be saved up; `contended` tells whether there are others."""
        self._contended = contended
        self._texts = RateLimit(limits.messages, TEXT_SECONDS)
        self._frames = RateLimit(limits.frames)
        self._bytes = RateLimit(limits.bytes)
        self._receiving = RateLimit(limits.receiving, least=0.0)
        self._patience = limits.messages * TEXT_SECONDS
        self._discarded = 0
        self.log = LogBudget(limits.log_lines)
        self.connections = 0

    def receive(self, size: int, seconds: float, now: float) -> float:
        """Count bytes of any kind, and the processor seconds that it took to take them from TLS.

        Returns for how many seconds not to read on because of them.
        """
        self._bytes.charge(now, size)
        self._receiving.charge(now, seconds * _UNSEEN)
        return max(self._bytes.wait(now), self._receiving_wait(now))

    def text(self, now: float) -> Spent:
        """Count a text message, and tell what is to become of it."""
        if self._texts.is_full(now):
            self._discarded = 0
        if self._texts.allows(now):
            return Spent.WITHIN
        return self._discard(1, _DISCARDED, now)

    def overhead(self, count: int, now: float) -> Spent:
        """Count WebSocket frames that are no message, as pings are; they cost like texts."""
        if self._texts.is_full(now):
            self._discarded = 0
        if self._texts.allows(now, count):
            return Spent.WITHIN
        return self._discard(count, count, now)

    def frame(self, now: float) -> bool:
        """Count a frame, and tell whether it is within the budget."""
        if self._frames.allows(now):
            return True
        self._frames.charge(now, _DISCARDED)
        return False

    def pause(self, now: float) -> float:
        """Return for how many seconds the identity's connections are not to be read."""
        return max(
            self._texts.wait(now),
            self._frames.wait(now),
            self._bytes.wait(now),
            self._receiving_wait(now),
        )

    def is_flooding(self, now: float) -> bool:
        """Tell whether a connection was closed for flooding and the budget is not full again."""
        return self._discarded > self._patience and not self._texts.is_full(now)

    def is_full(self, now: float) -> bool:
        """Tell whether a new budget would be the same."""
        rates = (self._texts, self._frames, self._bytes, self._receiving, self.log)
        return all(rate.is_full(now) for rate in rates)

    def _receiving_wait(self, now: float) -> float:
        """Return for how long others are to be received from; 0 where there are none."""
        return self._receiving.wait(now) if self._contended() else 0.0

    def _discard(self, count: int, cost: float, now: float) -> Spent:
        self._texts.charge(now, cost)
        self._discarded += count
        return Spent.FLOODING if self._discarded > self._patience else Spent.OVER


class Budgets:
    """The budget of every identity: kept while it is connected, and after until it is full."""

    def __init__(self, limits: BudgetLimits) -> None:
        """Give every identity `limits`."""
        self._limits = limits
        self._budgets: dict[Hashable, Budget] = {}
        self._connected = 0

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._budgets)

    def of(self, identity: Hashable, now: float) -> Budget:
        """Return the budget of `identity`, which is kept while its `connections` are not 0."""
        budget = self._budgets.get(identity)
        if budget is None:
            if len(self._budgets) >= _REMEMBERED:
                self._forget(now)
            budget = self._budgets[identity] = Budget(self._limits, lambda: self._connected > 1)
        return budget

    def join(self, budget: Budget) -> None:
        """Record that the identity of `budget` has a connection more."""
        self._connected += not budget.connections
        budget.connections += 1

    def leave(self, budget: Budget) -> None:
        """Record that the identity of `budget` has a connection less."""
        budget.connections -= 1
        self._connected -= not budget.connections

    def left_out(self, now: float) -> list[tuple[Hashable, int]]:
        """Return of which identities log lines were left out and not reported, and how many."""
        counted = ((who, budget.log.left_out(now)) for who, budget in self._budgets.items())
        return [(who, lines) for who, lines in counted if lines]

    def _forget(self, now: float) -> None:
        """Forget who is not connected and owes nothing, or else whoever is not connected."""
        idle = {who: budget for who, budget in self._budgets.items() if not budget.connections}
        full = [who for who, budget in idle.items() if budget.is_full(now)]
        for who in full or idle:
            del self._budgets[who]
