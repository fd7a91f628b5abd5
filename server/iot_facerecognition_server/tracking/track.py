"""One face on its way: where it was, where it should be now, and who it is."""

from math import exp, log
from typing import Final, Self

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.appearance import Appearance
from iot_facerecognition_server.tracking.identity import TrackIdentity
from iot_facerecognition_server.tracking.twins import twin_of

_POSITION_GAIN: Final = 0.7
_VELOCITY_GAIN: Final = 0.3
"""Gains of the alpha-beta filter: a step of the detector's grid (8 pixels of its pyramid) must not
look like a run, and a turn must be followed within three frames."""
_SIDE_GAIN: Final = 0.6
_LONGEST_EXTRAPOLATION: Final = 1.0
"""Seconds after which nobody is expected to walk on as before."""


class Track:
    """A face over several frames, by a filter of constant velocity over its centre and side.

    `lost` is when it was first looked for in vain, None while it is seen.
    """

    def __init__(self, detection: Detection, now: float, appearance: Appearance) -> None:
        self.detection = detection
        self.seen = now
        self.steady_since = now
        """When it was first seen, or seen again after it was lost."""
        self.lost: float | None = None
        self.identity: TrackIdentity | None = None
        self.described = float("-inf")
        """When its last descriptor was taken."""
        self.named = float("-inf")
        """When its name was last settled."""
        self.appearance = appearance
        """How it looked when it was last seen."""
        self.ambiguous = False
        """Whether it may have been mistaken for another since its last descriptor."""
        box = detection.box
        self._across, self._down = box.centre
        self._speed = (0.0, 0.0)
        self._side = box.width

    def copy(self) -> Self:
        """Return one that goes its own way from here."""
        twin = twin_of(self)
        twin.identity = None if self.identity is None else twin_of(self.identity)
        return twin

    @property
    def box(self) -> Box:
        """Where it was last seen."""
        return self.detection.box

    @property
    def speed(self) -> tuple[float, float]:
        """Pixels a second across and down."""
        return self._speed

    def predicted(self, now: float) -> Box:
        """Return where it should be at `now`."""
        elapsed = min(max(0.0, now - self.seen), _LONGEST_EXTRAPOLATION)
        across, down = self._speed
        return Box.around(self._across + across * elapsed, self._down + down * elapsed, self._side)

    def see(self, detection: Detection, now: float) -> None:
        """Take note of where it is at `now`."""
        elapsed = now - self.seen
        found = detection.box
        expected = self.predicted(now)
        (x, y), (was_x, was_y) = found.centre, expected.centre
        self._across = was_x + _POSITION_GAIN * (x - was_x)
        self._down = was_y + _POSITION_GAIN * (y - was_y)
        if elapsed > 0:
            across, down = self._speed
            self._speed = (
                across + _VELOCITY_GAIN * (x - was_x) / elapsed,
                down + _VELOCITY_GAIN * (y - was_y) / elapsed,
            )
        self._side = exp(log(self._side) * (1 - _SIDE_GAIN) + log(found.width) * _SIDE_GAIN)
        if self.lost is not None:
            self.steady_since = now
        self.detection = detection
        self.seen = now
        self.lost = None

    def rest(self, now: float) -> None:
        """Take note that at `now` it is where it was."""
        self._across, self._down = self.box.centre
        self._speed = (0.0, 0.0)
        self.seen = now
