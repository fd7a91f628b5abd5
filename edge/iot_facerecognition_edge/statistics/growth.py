"""How fast a counter grows."""

from collections import deque

MOST_READINGS = 1024
"""Readings that are kept; beyond, the time that is looked at gets shorter."""
_SPAN = 1.0
"""Seconds that are looked at."""


class Growth:
    """The rate at which a counter grows, from its readings over the last second."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, int]] = deque(maxlen=MOST_READINGS)

    def read(self, time: float, counter: int) -> float:
        """Take note of `counter` at `time` (seconds) and return its growth a second."""
        if self._readings and counter < self._readings[-1][1]:
            self._readings.clear()
        self._readings.append((time, counter))
        while len(self._readings) > 2 and self._readings[1][0] <= time - _SPAN:  # noqa: PLR2004 - a slope needs two
            self._readings.popleft()
        first, last = self._readings[0], self._readings[-1]
        passed = last[0] - first[0]
        return (last[1] - first[1]) / passed if passed > 0 else 0.0
