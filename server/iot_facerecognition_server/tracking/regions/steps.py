"""What a tracker by regions asks to be done with a frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion
from iot_facerecognition_server.tracking.watched_frame import Settled, WatchedFrame


class SearchableFrame(WatchedFrame, Protocol):
    """A frame whose regions can be searched one by one."""

    def search(self, regions: Sequence[SearchRegion]) -> Sequence[Sequence[Detection]]:
        """Return the faces in each of the regions."""


@dataclass(frozen=True, slots=True)
class SearchRegions:
    """Search each of the regions; answer with `RegionTracker.searched`."""

    regions: tuple[SearchRegion, ...]


@dataclass(frozen=True, slots=True)
class ScanFrame:
    """Scan the whole frame; answer with `RegionTracker.scanned`."""


Step = SearchRegions | ScanFrame | Settled
"""What is to be done next with a frame, until it is settled where its faces are."""
