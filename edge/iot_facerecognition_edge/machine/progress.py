"""Whether capture and network make progress: what decides on the pings to the watchdog."""

from dataclasses import dataclass

CAPTURE_PATIENCE = 45.0
"""Seconds without any sign of the camera; opening one on a Zero W takes up to ten."""
NETWORK_PATIENCE = 150.0
"""Seconds without any sign of the network; the client tries at least once a minute."""


@dataclass(slots=True)
class _Track:
    patience: float
    wanted: bool = False
    last: float = 0.0

    def want(self, wanted: bool, now: float) -> None:
        if wanted and not self.wanted:
            self.last = now
        self.wanted = wanted

    def alive(self, now: float) -> bool:
        return not self.wanted or now - self.last <= self.patience


class Progress:
    """Remembers when capture and network last made progress, as far as each is wanted.

    Progress means a picture or another try at the camera; any byte from the server, the answer to a
    ping too, or another try to reach it. A camera that is off or unplugged, a server that is down
    or has nothing to say is no reason to restart; a camera driver that hangs is. Times are
    monotonic seconds.
    """

    def __init__(
        self, capture: float = CAPTURE_PATIENCE, network: float = NETWORK_PATIENCE
    ) -> None:
        self._capture = _Track(capture)
        self._network = _Track(network)

    def want(self, now: float, *, capture: bool, network: bool) -> None:
        """Say which of the two has anything to do."""
        self._capture.want(capture, now)
        self._network.want(network, now)

    def capture(self, now: float) -> None:
        """Record that the camera made progress."""
        self._capture.last = now

    def network(self, now: float) -> None:
        """Record progress of the network at `now`, which may be older than what is recorded."""
        self._network.last = max(self._network.last, now)

    def alive(self, now: float) -> bool:
        """Return whether both make progress, as far as wanted."""
        return self._capture.alive(now) and self._network.alive(now)

    def stalled(self, now: float) -> str:
        """Return what makes no progress, in words; empty when all is well."""
        tracks = (("the camera", self._capture), ("the network", self._network))
        return " and ".join(name for name, track in tracks if not track.alive(now))
