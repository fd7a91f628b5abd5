"""What is done with a frame: one job finds faces, another one objects.

A job goes through three steps, on whichever worker is free: `prepare` turns the JPEG into pictures
for a network, the network turns each into a row of numbers, and `complete` makes a result of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol import Face, ObjectLabel
from iot_facerecognition_server.engine.interface import Frame, ObjectsWanted
from iot_facerecognition_server.following.frame_search import FrameSearcher
from iot_facerecognition_server.gallery.gallery import DESCRIPTOR_SIZE, Match
from iot_facerecognition_server.vision.face_scanner import ScannedFace

Picture = NDArray[np.uint8]
"""What a network takes: (side, side, 3) uint8 RGB."""
Row = NDArray[np.float32]
"""What a network gives for one picture."""

Found_co = TypeVar("Found_co", covariant=True)


class Network(Enum):
    """The networks that pictures are batched for, each a line of its own."""

    DESCRIPTOR = auto()
    CLASSIFIER = auto()


class FrameScanner(Protocol):
    """Finds the faces of a JPEG; used by one thread only."""

    def scan(self, jpeg: bytes) -> Sequence[ScannedFace]:
        """Return the faces with their chips. Raises FrameRejectedError."""


class FrameCropper(Protocol):
    """Cuts crops for the classifier out of a JPEG; used by one thread only."""

    def crops(self, jpeg: bytes, wanted: ObjectsWanted, seed: Sequence[int]) -> list[Picture]:
        """Return the crops; the same `seed` gives the same ones. Raises FrameRejectedError."""


class FaceMatcher(Protocol):
    """Finds the nearest reference of each of the (N, 128) descriptors."""

    def match(self, descriptors: NDArray[np.float32]) -> Sequence[Match]:
        """Return one match a descriptor. Callable from any thread."""


class NetworkOutputError(Exception):
    """A network gave what it cannot have computed rightly: not numbers, or not as many."""


def checked_rows(rows: Sequence[Row], width: int) -> NDArray[np.float32]:
    """Return a network's `rows` as one (N, width) array.

    Raises NetworkOutputError where they have another shape or hold NaN or infinity: a comparison
    with those says nothing, and a name must never come of it.
    """
    stacked = np.stack(rows)
    if stacked.shape != (len(rows), width):
        raise NetworkOutputError(
            f"a network gave {stacked.shape[1:]} for a picture, not ({width},)"
        )
    if not np.isfinite(stacked).all():
        raise NetworkOutputError("a network gave numbers that are not finite")
    return stacked


@dataclass(frozen=True, slots=True)
class Tools:
    """What one worker thread has for itself."""

    scanner: FrameScanner
    cropper: FrameCropper | None = None
    searcher: FrameSearcher | None = None


class Job(Protocol[Found_co]):
    """One frame's way to one kind of result."""

    @property
    def network(self) -> Network:
        """The network that the prepared pictures are for."""

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Return the pictures for the network. Raises FrameRejectedError."""

    def complete(self, rows: Sequence[Row]) -> tuple[Found_co, ...]:
        """Return what was found, from one row for each picture."""


class FaceJob:
    """Finds the faces of a frame and names them."""

    network = Network.DESCRIPTOR

    def __init__(self, frame: Frame, matcher: FaceMatcher) -> None:
        self._frame = frame
        self._matcher = matcher
        self._scanned: Sequence[ScannedFace] = ()

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Scan the frame; return the chips."""
        self._scanned = tools.scanner.scan(self._frame.jpeg)
        return [face.chip for face in self._scanned]

    def complete(self, rows: Sequence[Row]) -> tuple[Face, ...]:
        """Match the descriptors; return the faces as the detector ordered them."""
        if not rows:
            return ()
        matches = self._matcher.match(checked_rows(rows, DESCRIPTOR_SIZE))
        return tuple(map(_face, self._scanned, matches))


class ObjectJob:
    """Classifies a frame by a network over its crops."""

    network = Network.CLASSIFIER

    def __init__(self, frame: Frame, wanted: ObjectsWanted, labels: Sequence[str]) -> None:
        self._frame = frame
        self._wanted = wanted
        self._labels = labels

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Cut the crops; chance is seeded by session and frame number."""
        if tools.cropper is None:
            raise RuntimeError("a worker without a cropper was given an object job")
        seed = (self._frame.session, self._frame.number)
        return tools.cropper.crops(self._frame.jpeg, self._wanted, seed)

    def complete(self, rows: Sequence[Row]) -> tuple[ObjectLabel, ...]:
        """Average the crops' probabilities; return the best labels, the most probable first."""
        probabilities = np.mean(checked_rows(rows, len(self._labels)), axis=0)
        best = np.argsort(-probabilities, kind="stable")[: self._wanted.label_count]
        return tuple(ObjectLabel(self._labels[i], float(probabilities[i])) for i in best)


def _face(found: ScannedFace, match: Match) -> Face:
    box = found.detection
    return Face(
        tag=match.tag,
        x=box.left,
        y=box.top,
        width=box.width,
        height=box.height,
        distance=match.distance,
        score=box.score,
    )
