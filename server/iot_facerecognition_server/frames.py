"""What crosses the seam between sessions and compute: values, which another process may be sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Final, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.detection import Detection

Found = TypeVar("Found")

DESCRIPTOR_SIZE: Final = 128
"""Numbers in a descriptor of dlib's face recognition network."""
Descriptor = NDArray[np.float32]
"""What tells people apart: (DESCRIPTOR_SIZE,) float32."""
UNKNOWN: Final = ""
"""The tag of a face that is nobody's in the gallery."""
NAMED_FROM: Final = 0.15
"""Quality from which on a face is told from others: below, of blurred ones for instance, four in
ten are near somebody else (docs/decisions/face-quality.md)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One JPEG, as it is handed to an engine.

    `session` tells connections apart, those of other processes too. `number` counts the frames of
    one connection from 1; `at` is when it arrived, in seconds since its session began. `tracks` are
    those of the session's frames before, None where there are none.
    """

    session: int
    number: int
    jpeg: bytes
    at: float
    tracks: "Tracks | None" = field(default=None, compare=False)


class Tracks(Protocol):
    """What is remembered of the faces of a session from one of its frames to the next.

    A value that can be pickled: an engine leaves it as it is, and gives back another one with the
    result. Only engines look into it.
    """

    def renewed(self) -> "Tracks":
        """Return what to go on with after a failure: nobody is remembered, and numbers go on."""


@dataclass(frozen=True, slots=True)
class ObjectsWanted:
    """How a frame is to be classified: the best `label_count` labels, of random crops or of one.

    Labels whose probability is below `threshold`, 0 to 1, are left out.
    """

    label_count: int
    deterministic: bool
    threshold: float = 0.0


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


def believed(match: Match, quality: float) -> Match:
    """Return the `match` of a face of this `quality`: unknown rather than wrong."""
    return match if quality >= NAMED_FROM else replace(match, tag=UNKNOWN)


def named_once(matches: Sequence[Match]) -> list[Match]:
    """Return the `matches` of one frame's faces with no tag twice: a person is in a frame once.

    Of faces near one person's references only the nearest is theirs, of equally near ones the
    first; the others are unknown, at the distance that they have.
    """
    nearest: dict[str, int] = {}
    for place, match in enumerate(matches):
        rival = nearest.setdefault(match.tag, place)
        if _distance(match) < _distance(matches[rival]):
            nearest[match.tag] = place
    return [
        match if nearest[match.tag] == place else replace(match, tag=UNKNOWN)
        for place, match in enumerate(matches)
    ]


def _distance(match: Match) -> float:
    return inf if match.distance is None else match.distance


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedFace(Detection):
    """A detection, and who it is.

    At the seam `box` is where the face is in the frame as stored, and `quality` that of the face in
    this frame. `track` is the track's number from 1, None where every frame stands alone; then
    `descriptor` and `match` are of this frame, else the descriptor is the best of the track's, and
    the match of all that vote for its name.
    """

    match: Match
    descriptor: Descriptor = field(compare=False)
    track: int | None = None

    @classmethod
    def of(
        cls, found: Detection, match: Match, descriptor: Descriptor, track: int | None = None
    ) -> Self:
        """Return the face that was `found`, with who it is."""
        return cls(
            found.box,
            found.score,
            found.pose,
            found.frontal,
            found.quality,
            match=match,
            descriptor=descriptor,
            track=track,
        )


@dataclass(frozen=True, slots=True)
class Recognition(Generic[Found]):
    """What was found in one frame, and how long it took.

    Faces are ordered by the detector's score, object labels by probability, the best first. It
    `waited` so many seconds at the engine until its work began, which then `took` so many to the
    end. `cost` is the processor time in seconds, its share of network batches included, and `piece`
    the longest stretch of it that no other work could interrupt. `tracks` go with the session's
    next frame.
    """

    found: tuple[Found, ...]
    waited: float
    took: float
    cost: float = 0.0
    piece: float = 0.0
    tracks: "Tracks | None" = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much an engine takes at the moment.

    `frames` may be under way at once without any of them waiting long, 0 while it takes none;
    `workers` of them are worked on at the same time, and of one session there may be `per_session`.
    """

    frames: int
    workers: int
    per_session: int


class FrameRejectedError(Exception):
    """A frame that cannot be processed, with the reason for its sender.

    `cost` is the processor time in seconds that it took to find out.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cost = 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it be sent to another process: the base class would forget the code."""
        return type(self), (self.code, self.message), {"cost": self.cost}
