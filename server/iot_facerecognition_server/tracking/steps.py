"""What a tracker asks to be done with a frame, and what comes of it."""

from dataclasses import dataclass
from enum import StrEnum

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.search_regions import SearchRegion


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
