"""How often something happens, over the last seconds: the rate counter of both sides.

Plain: times are passed in. Imported by those who count, not with the package.
"""

_PARTS = 10


class RecentRate:
    """Events a second over the last `seconds`, counted in tenths of that time.

    It takes the same memory whatever the rate.
    """

    __slots__ = ("_began", "_counts", "_newest", "_part")

    def __init__(self, seconds: float, began: float = 0.0) -> None:
        """Begin to count at `began` (monotonic seconds); long ago, where nothing is named."""
        self._part = seconds / _PARTS
        self._began = began
        self._newest = 0
        self._counts = [0] * (_PARTS + 1)

    def count(self, now: float) -> None:
        """Count one event at `now`."""
        self._advance(now)
        self._counts[self._newest % len(self._counts)] += 1

    def total(self, now: float) -> int:
        """Return the events of the last ten tenths; the one that has only begun is left out."""
        newest = self._index(now)
        first = max(newest, self._newest) - _PARTS
        recent = range(max(first, 0), min(newest, self._newest + 1))
        return sum(self._counts[index % len(self._counts)] for index in recent)

    def is_full(self, now: float) -> bool:
        """Return whether `total` is about the whole of the time."""
        return self._index(now) >= _PARTS

    def covered(self, now: float) -> float:
        """Return how many seconds `total` is about."""
        return min(self._index(now), _PARTS) * self._part

    def rate(self, now: float) -> float:
        """Return the events a second; 0 before a tenth of the time has passed."""
        seconds = self.covered(now)
        return self.total(now) / seconds if seconds else 0.0

    def _index(self, now: float) -> int:
        return int((now - self._began) / self._part)

    def _advance(self, now: float) -> None:
        newest = self._index(now)
        for step in range(min(newest - self._newest, len(self._counts))):
            self._counts[(newest - step) % len(self._counts)] = 0
        self._newest = max(self._newest, newest)
