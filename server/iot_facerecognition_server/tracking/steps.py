"""What a tracker asks to be done with a frame, and what comes of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from iot_facerecognition_server.frames import Descriptor, Match
from iot_facerecognition_server.tracking.search_regions import SearchRegion
from iot_facerecognition_server.vision.detection import Detection


class Way(StrEnum):
    """How the faces of a frame were found."""

    HELD = "held"
    REGIONS = "regions"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class SearchRegions:
    """Search each of the regions; answer with `FaceTracker.searched`."""

    regions: tuple[SearchRegion, ...]


@dataclass(frozen=True, slots=True)
class ScanFrame:
    """Scan the whole frame; answer with `FaceTracker.scanned`."""


@dataclass(frozen=True, slots=True)
class Settled:
    """It is settled where the faces are; answer with `FaceTracker.described`.

    `describe` are the faces whose descriptors are wanted, in this order.
    """

    way: Way
    describe: tuple[Detection, ...]


Step = SearchRegions | ScanFrame | Settled


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face of a frame: its track's number from 1, where it is, and its track's name.

    `match` is what all descriptors of the track say together, `descriptor` the newest of them and
    `quality` that of its chip.
    """

    number: int
    detection: Detection
    match: Match
    descriptor: Descriptor = field(compare=False)
    quality: float
