"""How long to wait before the next attempt to connect."""

from random import Random

from iot_facerecognition_protocol import Drain
from iot_facerecognition_protocol.records import dataclass

WITHOUT_HINT = Drain(back_in_ms=1000.0, spread_ms=4000.0)
"""What a good-bye without a hint is taken for: a restart that takes seconds."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The longest delays between two attempts, in seconds, by why there is no connection."""

    gone: float = 15.0
    """The server crashed, or the network is down. An attempt that nobody answers costs a packet, so
    this bounds how late the last edge is back rather than what the attempts cost."""
    busy: float = 60.0
    """The server answers and has no place: each attempt costs it a handshake."""
    refused: float = 60.0
    """A person has to change something."""
    drained: float = 5.0
    """The server said that it restarts; when its hint spreads the fleet over more, that."""


class Backoff:
    """Exponential back-off with full jitter: each delay lies anywhere up to a growing ceiling.

    Three hundred edges that lose their server at once thus return spread out. (Why the whole range
    is drawn from: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)

    After a `Drain` the first delay is what the server asked for, and the next ones stay short for
    as long as a restart can take; then the server is taken for gone.
    """

    LONGEST_RESTART = 120.0
    """Seconds waited in all after which a server that said it restarts is not expected any more."""
    WIDEST_SPREAD = 60.0
    """Seconds over which a fleet spreads at most, whatever a server asks for."""

    FIRST = 1.0
    """Seconds that the first delay lies below; the next ones below 2, 4, 8 … times that."""

    def __init__(self, random: Random) -> None:
        """Draw delays from `random`, never past the `Ceilings`."""
        self._random = random
        self._ceilings = Ceilings()
        self._drain: Drain | None = None
        self._waited = 0.0
        self.attempts = 0
        """Delays given since the last `reset`."""

    def next_delay(self) -> float:
        """Return seconds to wait after one more failure."""
        self.attempts += 1
        if self._drain is not None:
            return self._drained_delay(self._drain)
        return self._growing_delay(self._ceilings.gone)

    def busy_delay(self) -> float:
        """Return seconds to wait after the server said that it has no place now."""
        self.attempts += 1
        return self._growing_delay(self._ceilings.busy)

    def refused_delay(self) -> float:
        """Return seconds to wait after a refusal that only a person can lift."""
        self.attempts += 1
        return self._random.uniform(self._ceilings.refused / 2, self._ceilings.refused)

    def drained(self, hint: Drain) -> None:
        """Record that the server closed the connection in order, and when it comes back."""
        self.reset()
        self._drain = hint

    def connected(self) -> None:
        """Record that the server is back, though the connection has not proved stable yet."""
        self._drain = None
        self._waited = 0.0

    def reset(self) -> None:
        """Begin again, after a connection that proved stable."""
        self.attempts = 0
        self.connected()

    def _growing_delay(self, most: float) -> float:
        doublings = min(self.attempts, 32)
        ceiling = min(most, self.FIRST * 2**doublings)
        return self._random.uniform(self.FIRST, ceiling)

    def _drained_delay(self, hint: Drain) -> float:
        spread = min(hint.spread_ms / 1e3, self.WIDEST_SPREAD)
        if self.attempts == 1:
            # A longer wait would gain nothing: who asks too early is refused at no cost.
            begin = min(max(hint.back_in_ms / 1e3, self.FIRST), self._ceilings.drained)
            delay = begin + self._random.uniform(0.0, spread)
        else:
            delay = self._random.uniform(self.FIRST, max(spread, self._ceilings.drained))
        self._waited += delay
        if self._waited >= self.LONGEST_RESTART:
            self._drain = None
        return delay
