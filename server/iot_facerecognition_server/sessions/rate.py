"""How many frames a second one client may send."""


class RateLimit:
    """A token bucket that holds one second's worth, so that short bursts pass."""

    def __init__(self, per_second: float) -> None:
        """Allow `per_second` on the long run; 0 allows any rate."""
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._tokens = self._most
        self._last: float | None = None

    def allows(self, now: float) -> bool:
        """Tell whether one more is allowed at `now` (monotonic seconds), and count it if so."""
        if self._per_second <= 0:
            return True
        if self._last is not None:
            gained = (now - self._last) * self._per_second
            self._tokens = min(self._most, self._tokens + gained)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
