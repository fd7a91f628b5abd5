"""What a follower asks to be done with a frame, and what comes of it."""

from dataclasses import dataclass
from enum import StrEnum

from iot_facerecognition_server.following.windows import Window
from iot_facerecognition_server.vision.faces import Detection


class Way(StrEnum):
    """How the faces of a frame were found."""

    HELD = "held"
    WINDOWS = "windows"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class SearchWindows:
    """Search each of the windows; answer with `FaceFollower.searched`."""

    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class ScanFrame:
    """Scan the whole frame; answer with `FaceFollower.scanned`."""


@dataclass(frozen=True, slots=True)
class Settled:
    """It is settled where the faces are; answer with `FaceFollower.described`.

    `describe` are the faces whose descriptors are wanted, in this order.
    """

    way: Way
    describe: tuple[Detection, ...]


Step = SearchWindows | ScanFrame | Settled


@dataclass(frozen=True, slots=True)
class FollowedFace:
    """A face of a frame: its track's number from 1, where it is, its track's name and distance."""

    number: int
    detection: Detection
    tag: str
    distance: float | None
