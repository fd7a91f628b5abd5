"""What crosses the seam between sessions and compute: values, which another process may be sent."""

from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.box import Box

Found = TypeVar("Found")

DESCRIPTOR_SIZE: Final = 128
"""Numbers in a descriptor of dlib's face recognition network."""
Descriptor = NDArray[np.float32]
"""What tells people apart: (DESCRIPTOR_SIZE,) float32."""
UNKNOWN: Final = ""
"""The tag of a face that is nobody's in the gallery."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One JPEG as it arrived.

    `session` tells connections apart, `number` counts the frames of one connection from 1, and
    `received` is the monotonic time of arrival in seconds.
    """

    session: int
    number: int
    jpeg: bytes
    received: float


@dataclass(frozen=True, slots=True)
class ObjectsWanted:
    """How a frame is to be classified: the best `label_count` labels, of random crops or of one."""

    label_count: int
    deterministic: bool


@dataclass(frozen=True, slots=True)
class Wants:
    """What a session wants to know of a frame."""

    faces: bool = True
    objects: ObjectsWanted | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Whose face it is; `UNKNOWN` is an answer too.

    `distance` is the Euclidean distance to the nearest reference, near enough or not; None when
    there is no reference at all.
    """

    tag: str
    distance: float | None


@dataclass(frozen=True, slots=True)
class RecognisedFace:
    """A face of a frame.

    `box` is where it is in the frame as stored, in whole pixels, and `score` the detector's
    confidence. `quality` says how good its newest descriptor is (`vision.face_quality`); only
    ratios mean anything. `track` is the number of its track from 1, None where every frame stands
    alone; then `match` is of this descriptor, else of all that vote for the track's name.
    """

    box: Box
    score: float
    match: Match
    descriptor: Descriptor = field(compare=False)
    quality: float
    track: int | None = None


@dataclass(frozen=True, slots=True)
class Recognition(Generic[Found]):
    """What was found in one frame, and the monotonic seconds at which its work began and ended.

    Faces are ordered by the detector's score, object labels by probability, the best first. `cost`
    is the processor time in seconds that the frame took, its share of network batches included,
    and `piece` the longest stretch of it that no other work could interrupt.
    """

    found: tuple[Found, ...]
    started: float
    finished: float
    cost: float = 0.0
    piece: float = 0.0


class FrameRejectedError(Exception):
    """A frame that cannot be processed, with the reason for its sender.

    `cost` is the processor time in seconds that it took to find out.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cost = 0.0
