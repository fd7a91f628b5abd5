"""The job that finds the faces of a frame, every frame by itself."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.job import Picture, Row, checked_rows
from iot_facerecognition_server.frames import (
    DESCRIPTOR_SIZE,
    Frame,
    Match,
    RecognisedFace,
    believed,
    named_once,
)
from iot_facerecognition_server.pipeline.tools import Network, Tools


class FaceMatcher(Protocol):
    """Finds the nearest reference of each of the (N, 128) descriptors."""

    def match(self, descriptors: NDArray[np.float32]) -> Sequence[Match]:
        """Return one match a descriptor. Callable from any thread."""


class FaceJob:
    """Finds the faces of a frame and names them."""

    network = Network.DESCRIPTOR
    tracks = None

    def __init__(self, frame: Frame, matcher: FaceMatcher) -> None:
        self._frame = frame
        self._matcher = matcher
        self._faces: Sequence[Detection] = ()

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Scan the frame; return the chips."""
        self._faces, chips = tools.scanner.scan(self._frame.jpeg)
        return chips

    def complete(self, rows: Sequence[Row]) -> tuple[RecognisedFace, ...]:
        """Match the descriptors; return the faces as the detector ordered them."""
        if not rows:
            return ()
        descriptors = checked_rows(rows, DESCRIPTOR_SIZE)
        qualities = (face.quality for face in self._faces)
        matches = named_once(list(map(believed, self._matcher.match(descriptors), qualities)))
        return tuple(map(RecognisedFace.of, self._faces, matches, descriptors))
