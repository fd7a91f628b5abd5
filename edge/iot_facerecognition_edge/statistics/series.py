"""Values over time in fixed memory: finer for the last minutes, coarser for the weeks before."""

from array import array
from collections.abc import Iterator

from iot_facerecognition_protocol.records import dataclass

CAPACITY = 256
"""Points of each resolution; a small screen is not much wider."""
RESOLUTIONS = (0.0, 1.0, 16.0)
"""Seconds that one point stands for, 0 for every value: 4 minutes in seconds, an hour in 16."""
WHOLE_BEGIN = 60.0
"""Seconds of a point of the whole history at first; it doubles whenever the points are used up."""


@dataclass(frozen=True, slots=True)
class Point:
    """The mean (or the last) of the values up to `time`, and the running average at that time."""

    time: float
    value: float
    average: float


class Resolution:
    """The newest `capacity` points of one width, overwriting the oldest."""

    def __init__(self, width: float, *, last: bool, capacity: int = CAPACITY) -> None:
        """Keep points of `width` seconds; `last` keeps a point's last value instead of the mean."""
        self.width = width
        self._last = last
        self._capacity = capacity
        self._starts = array("d", bytes(8 * capacity))
        self._times = array("d", bytes(8 * capacity))
        self._values = array("d", bytes(8 * capacity))
        self._averages = array("d", bytes(8 * capacity))
        self._counts = array("L", bytes(array("L").itemsize * capacity))
        self._used = 0
        self._newest = -1

    def __len__(self) -> int:
        return self._used

    @property
    def full(self) -> bool:
        """Whether the next new point overwrites the oldest."""
        return self._used == self._capacity

    @property
    def begins(self) -> float:
        """Time of the oldest point's beginning; there must be one."""
        return self._starts[(self._newest + 1 - self._used) % self._capacity]

    def fits(self, time: float) -> bool:
        """Whether a value of `time` belongs to the newest point."""
        return self._newest >= 0 and time < self._starts[self._newest] + self.width

    def add(self, time: float, value: float, average: float, count: int = 1) -> None:
        """Add what `count` values came to; times never go back."""
        if self.fits(time):
            at = self._newest
            total = self._counts[at] + count
            self._values[at] += (value - self._values[at]) * count / total
            self._counts[at] = total
        else:
            at = self._newest = (self._newest + 1) % self._capacity
            self._used = min(self._used + 1, self._capacity)
            self._starts[at] = time
            self._values[at] = value
            self._counts[at] = count
        if self._last:
            self._values[at] = value
        self._times[at] = time
        self._averages[at] = average

    def points(self) -> Iterator[Point]:
        """Yield the points, oldest first."""
        for place in range(self._used):
            at = (self._newest + 1 - self._used + place) % self._capacity
            yield Point(self._times[at], self._values[at], self._averages[at])

    def coarser(self) -> "Resolution":
        """Return the same in points of twice the width."""
        other = Resolution(self.width * 2, last=self._last, capacity=self._capacity)
        for place in range(self._used):
            at = (self._newest + 1 - self._used + place) % self._capacity
            start, time = self._starts[at], self._times[at]
            other.add(start, self._values[at], self._averages[at], self._counts[at])
            other._times[other._newest] = time
        return other


class Series:
    """One value over time, with its running average over everything so far."""

    def __init__(self, *, last: bool = False) -> None:
        """Keep means of values that lie close together, or with `last` the last of them."""
        self._fine = tuple(Resolution(width, last=last) for width in RESOLUTIONS)
        self._whole = Resolution(WHOLE_BEGIN, last=last)
        self._count = 0
        self.average = 0.0

    def add(self, time: float, value: float) -> None:
        """Add `value` at `time` (seconds, never going back)."""
        self._count += 1
        self.average += (value - self.average) / self._count
        for resolution in self._fine:
            resolution.add(time, value, self.average)
        while self._whole.full and not self._whole.fits(time):
            self._whole = self._whole.coarser()
        self._whole.add(time, value, self.average)

    def since(self, time: float) -> list[Point]:
        """Return the points from `time` on in the finest resolution that reaches back to it."""
        for resolution in self._fine:
            if not resolution.full or resolution.begins <= time:
                return [point for point in resolution.points() if point.time >= time]
        return [point for point in self._whole.points() if point.time >= time]

    def whole(self) -> list[Point]:
        """Return the whole history in the finest resolution that has it all."""
        return self.since(self._whole.begins) if len(self._whole) else []

    def everything(self) -> list[Point]:
        """Return all there is, each time in the finest resolution that still has it."""
        finest = list(self._fine[0].points())
        for resolution in (*self._fine[1:], self._whole):
            begin = finest[0].time if finest else float("inf")
            finest = [point for point in resolution.points() if point.time < begin] + finest
        return finest
