"""Whether a new version streams at its rate for long enough. Plain: times are passed in."""

from dataclasses import dataclass
from typing import Final

from iot_facerecognition_protocol.rates import RecentRate

WINDOW_SECONDS: Final = 10.0
"""Over how long the rate has to hold at any time, unless that is too short to count frames in."""
_WINDOW_FRAMES: Final = 10.0
"""How many frames are to arrive in that time at least."""
_LEAST_RATE: Final = 0.05
"""Frames a second below which an edge did not stream, so that nothing follows from its rate."""
_UNKNOWN_RATE: Final = 1.0
"""Frames a second that are expected where nothing is known of the edge's rate."""


@dataclass(frozen=True, slots=True)
class ProbationTerms:
    """For how many `seconds` an edge has to stream, and at which part of its rate."""

    seconds: float = 60.0
    ratio: float = 0.8


def expected_rate(setting: float | None, before: float | None) -> float:
    """Return the frames a second to expect of an edge: the lower one of two.

    `setting` is the rate that it is set to, `before` the one of the minute before the update; None,
    or next to nothing, is not known.
    """
    known = [rate for rate in (setting, before) if rate is not None and rate >= _LEAST_RATE]
    return min(known, default=_UNKNOWN_RATE)


class Probation:
    """One version of one edge on one connection, from when it first reported to run.

    `check` wants to be asked about every second. The rate has to hold in every window of ten
    seconds (longer for less than a frame a second), less one frame, which may be a moment late; and
    of the frames of each window one has to have been processed, at least. Where it does not hold
    the time starts again.
    """

    def __init__(self, terms: ProbationTerms, expected: float, now: float) -> None:
        """Expect a rate of `expected` frames a second, or the part of it in `terms`."""
        self._terms = terms
        self.needed = terms.ratio * expected
        long_enough = max(WINDOW_SECONDS, _WINDOW_FRAMES / self.needed)
        self._window = min(long_enough, terms.seconds)
        self.restarts = 0
        self.shortfall: str | None = None
        """Why the time started again, the last time that it did; None if it did not."""
        self._begin(now)

    def frame_received(self, now: float) -> None:
        """Count a frame that arrived."""
        self._received.count(now)

    def frame_processed(self, now: float) -> None:
        """Count a frame that was worked on."""
        self._processed.count(now)

    def passed(self, now: float) -> float:
        """Return for how many seconds the rate has held."""
        return now - self._began

    def progress(self, now: float) -> str:
        """Return how far it is, for people."""
        done = f"{self.passed(now):.0f} of {self._terms.seconds:g} s at its rate"
        return done if self.shortfall is None else f"{done}; it began again: {self.shortfall}"

    def check(self, now: float) -> bool:
        """Return whether the probation is over, and passed; start again where the rate is low."""
        if not self._received.is_full(now):
            return False
        shortfall = self._look_for_shortfall(now)
        if shortfall is not None:
            self.shortfall = shortfall
            self.restarts += 1
            self._begin(now)
            return False
        return self.passed(now) >= self._terms.seconds

    def _begin(self, now: float) -> None:
        self._began = now
        self._received = RecentRate(self._window, now)
        self._processed = RecentRate(self._window, now)

    def _look_for_shortfall(self, now: float) -> str | None:
        received = self._received.total(now)
        if received + 1 < self.needed * self._window:
            rate = self._received.rate(now)
            return f"{rate:.3g} frames a second arrived, {self.needed:.3g} are needed"
        if not self._processed.total(now):
            return f"no frame was processed for {self._window:.3g} s"
        return None
