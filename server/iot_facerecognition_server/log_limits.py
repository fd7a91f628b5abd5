"""How many lines of each kind go into a log in a period, and how many more there were. Plain."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

PERIOD_SECONDS: Final = 60.0
_KINDS: Final = 500
"""Kinds that are distinguished at a time; what comes beyond shares the lines of one more."""
_SOURCES: Final = 1000
"""Sources of left out lines that are distinguished in a period."""
OTHERS: Final = "others"
"""The kind, or source, of what is not distinguished."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What became of one kind in a period that is over: `lines` were left out, by `sources`."""

    kind: Hashable
    lines: int
    sources: Counter[str]


@dataclass(slots=True)
class _Period:
    begun: float
    lines: int = 0
    written: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


class LineLimits:
    """Counts lines by kind, and of each kind by source, as the client that a line is about.

    `seconds` after the first line of a kind its count begins again.
    """

    def __init__(
        self, lines: int, of_one_source: int | None = None, seconds: float = PERIOD_SECONDS
    ) -> None:
        """Allow that many `lines` of a kind in a period, and that many of them `of_one_source`."""
        self._lines = lines
        self._of_one_source = lines if of_one_source is None else of_one_source
        self._seconds = seconds
        self._periods: dict[Hashable, _Period] = {}
        self._due: list[LeftOut] = []

    def allows(self, kind: Hashable, source: str, now: float, cost: int = 1) -> bool:
        """Tell whether a line that counts as `cost` lines may be written at `now` (seconds).

        `source` is empty for a line that is about nobody.
        """
        period = self._period(kind, now)
        share = self._of_one_source if source else self._lines
        full = period.lines + cost > self._lines or period.written[source] + cost > share
        if full and period.lines:  # the first line is always written, whatever its cost
            known = source in period.left_out or len(period.left_out) < _SOURCES
            period.left_out[source if known else OTHERS] += 1
            return False
        period.lines += cost
        period.written[source] += cost
        return True

    def over(self, now: float) -> tuple[LeftOut, ...]:
        """Return, once, what was left out in the periods that are over at `now`."""
        for kind in [kind for kind, one in self._periods.items() if self._is_over(one, now)]:
            self._end(kind)
        due, self._due = tuple(self._due), []
        return due

    def end(self) -> tuple[LeftOut, ...]:
        """End all periods, and return what was left out in them."""
        return self.over(float("inf"))

    def next_end(self) -> float | None:
        """Return when the first period ends in which a line was left out; None without one."""
        ends = [one.begun + self._seconds for one in self._periods.values() if one.left_out]
        return min(ends, default=None)

    def _period(self, kind: Hashable, now: float) -> _Period:
        period = self._periods.get(kind)
        if period is None and len(self._periods) >= _KINDS:
            for old in [old for old, one in self._periods.items() if self._is_over(one, now)]:
                self._end(old)
            if len(self._periods) >= _KINDS:
                kind = OTHERS
                period = self._periods.get(kind)
        if period is not None and self._is_over(period, now):
            self._end(kind)
            period = None
        if period is None:
            period = self._periods[kind] = _Period(now)
        return period

    def _is_over(self, period: _Period, now: float) -> bool:
        return now - period.begun >= self._seconds

    def _end(self, kind: Hashable) -> None:
        left_out = self._periods.pop(kind).left_out
        if left_out:
            self._due.append(LeftOut(kind, left_out.total(), left_out))
