"""What the jobs work with: one worker thread's tools, and the networks by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from iot_facerecognition_server.engine.job import Picture
from iot_facerecognition_server.frames import ObjectsWanted
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.vision.face_scanner import ScannedFaces


class Network(StrEnum):
    """The networks that pictures are batched for, each with a queue of its own."""

    DESCRIPTOR = "descriptor"
    CLASSIFIER = "classifier"


class FrameScanner(Protocol):
    """Finds the faces of a JPEG; used by one thread only."""

    def scan(self, jpeg: bytes) -> ScannedFaces:
        """Return the faces with their chips. Raises FrameRejectedError."""


class FrameCropper(Protocol):
    """Cuts crops for the classifier out of a JPEG; used by one thread only."""

    def crops(self, jpeg: bytes, wanted: ObjectsWanted, seed: Sequence[int]) -> list[Picture]:
        """Return the crops; the same `seed` gives the same ones. Raises FrameRejectedError."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What one worker thread has for itself."""

    scanner: FrameScanner
    cropper: FrameCropper | None = None
    searcher: FrameSearcher | None = None
