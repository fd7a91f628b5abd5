"""What a tracker sees of a frame, and what comes of looking at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.changes import Thumbnail


class Sides(Enum):
    """At which part of its sides a frame is scanned; `value` is the part.

    Half takes a quarter of the time and misses the smallest faces, a quarter misses middling ones.
    """

    FULL = 1.0
    HALF = 0.5
    QUARTER = 0.25


class WatchedFrame(Protocol):
    """A frame of which no more is decoded and searched than a tracker asks for.

    All sizes and places are of the upright picture. Whatever decodes may raise FrameRejectedError.
    """

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def thumbnail(self, searched: Sides | None) -> Thumbnail:
        """Return the frame in grey, reduced; `searched` is how it is likely to be searched after.

        None: not at all.
        """

    def scan(self, sides: Sides = Sides.FULL) -> Sequence[Detection]:
        """Return the faces of the whole frame, the most certain first."""


class Way(StrEnum):
    """How the faces of a frame were found."""

    HELD = "held"
    REGIONS = "regions"
    QUARTER = "quarter"
    HALF = "half"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Settled:
    """It is settled where the faces of a frame are.

    `describe` are the faces whose descriptors are wanted, in this order.
    """

    way: Way
    describe: tuple[Detection, ...]
