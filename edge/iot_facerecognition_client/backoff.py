"""How long to wait before the next attempt to connect."""

from random import Random


class Backoff:
    """Exponential back-off with full jitter: each delay lies anywhere up to a growing ceiling.

    Three hundred edges that lose their server at once thus return spread out. (Why the whole range
    is drawn from: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
    """

    def __init__(self, random: Random, first: float = 1.0, most: float = 60.0) -> None:
        """Wait from `first` seconds up to 2, 4, 8 … times that, and never more than `most`."""
        self._random = random
        self._first = first
        self._most = most
        self.attempts = 0
        """Delays given since the last `reset`."""

    def next_delay(self) -> float:
        """Return seconds to wait after one more failure."""
        self.attempts += 1
        doublings = min(self.attempts, 32)
        ceiling = min(self._most, self._first * 2**doublings)
        return self._random.uniform(self._first, ceiling)

    def refused_delay(self) -> float:
        """Return seconds to wait after a refusal that only a person can lift."""
        self.attempts += 1
        return self._random.uniform(self._most / 2, self._most)

    def reset(self) -> None:
        """Begin anew, after a connection that proved stable."""
        self.attempts = 0
