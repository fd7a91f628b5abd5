"""How much of something may come in a second."""


class RateLimit:
    """A token bucket: so much in the long run, and what was saved up at once. Plain, no clock."""

    def __init__(self, per_second: float, seconds: float = 1.0, least: float = 1.0) -> None:
        """Allow `per_second` in the long run, and `seconds`' worth at once; 0 allows any rate.

        `least` is what can always be saved up: one, of what is counted in pieces.
        """
        self._per_second = per_second
        self._most = max(least, per_second * seconds)
        self._least = least
        self._tokens = self._most
        self._last: float | None = None

    def allows(self, now: float, amount: float = 1.0) -> bool:
        """Tell whether `amount` more is allowed at `now` (monotonic seconds); count it if so."""
        if self._per_second <= 0:
            return True
        self._refill(now)
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True

    def charge(self, now: float, amount: float = 1.0) -> None:
        """Count `amount` that came at `now`, whether it is allowed or not."""
        if self._per_second > 0:
            self._refill(now)
            self._tokens -= amount

    def debt(self, now: float) -> float:
        """Return how much more came than is allowed; 0 for nothing."""
        self._refill(now)
        return max(0.0, -self._tokens)

    def wait(self, now: float) -> float:
        """Return the seconds until the debt is paid and the next one allowed; 0 without debt."""
        if self._per_second <= 0 or not self.debt(now):
            return 0.0
        return (self._least - self._tokens) / self._per_second

    def is_full(self, now: float) -> bool:
        """Tell whether all that can be saved up has been."""
        self._refill(now)
        return self._tokens >= self._most

    def _refill(self, now: float) -> None:
        if self._last is not None:
            gained = (now - self._last) * self._per_second
            self._tokens = min(self._most, self._tokens + gained)
        self._last = now
