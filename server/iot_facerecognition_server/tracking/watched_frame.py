"""What a tracker sees of a frame, and what comes of looking at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.changes import Thumbnail


class WatchedFrame(Protocol):
    """A frame of which no more is decoded and searched than a tracker asks for.

    All sizes and places are of the upright picture. Whatever decodes may raise FrameRejectedError.
    """

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def thumbnail(self, *, searched: bool) -> Thumbnail:
        """Return the frame in grey, reduced; `searched`: it is likely to be searched after."""

    def scan(self, *, halved: bool = False) -> Sequence[Detection]:
        """Return the faces of the whole frame, the most certain first.

        `halved`: at half its sides, in a quarter of the time; the smallest faces are missed.
        """


class Way(StrEnum):
    """How the faces of a frame were found."""

    HELD = "held"
    REGIONS = "regions"
    HALF = "half"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Settled:
    """It is settled where the faces of a frame are.

    `describe` are the faces whose descriptors are wanted, in this order.
    """

    way: Way
    describe: tuple[Detection, ...]
