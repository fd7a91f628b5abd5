"""The seam between sessions and compute.

Sessions know only what stands here; an engine may be threads in this process or a cluster.
"""

from asyncio import Future
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from iot_facerecognition_protocol import ErrorCode, Face, ObjectLabel

Found = TypeVar("Found")


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
    """How a frame is to be classified: the best `label_count` labels, of chance crops or of one."""

    label_count: int
    deterministic: bool


@dataclass(frozen=True, slots=True)
class Wants:
    """What a session wants to know of a frame."""

    faces: bool = True
    objects: ObjectsWanted | None = None


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


class WorkFailedError(RuntimeError):
    """The engine failed at a frame that may be good; `cost` as of `Recognition`."""

    def __init__(self, message: str, cost: float = 0.0) -> None:
        super().__init__(message)
        self.cost = cost


@dataclass(frozen=True, slots=True)
class Submission:
    """The work on one frame: independent futures, each None where it was not wanted.

    A future ends with its result, with `FrameRejectedError` where the frame is at fault, or with
    any other exception (`WorkFailedError` tells the cost) where the engine is. It can be cancelled
    until the work on it begins; from then on it ends with its cost.
    """

    faces: Future[Recognition[Face]] | None
    objects: Future[Recognition[ObjectLabel]] | None


class Engine(Protocol):
    """Recognises frames. All calls come from the event loop's thread and return at once."""

    @property
    def capacity(self) -> int:
        """Frames that may be under way at once without any of them waiting long."""

    @property
    def workers(self) -> int:
        """Frames that are worked on at the same time, at most `capacity`."""

    @property
    def frames_per_session(self) -> int:
        """Frames of one session that may be under way at once."""

    @property
    def object_labels(self) -> int:
        """How many labels the object classifier knows; 0 when there is none."""

    def standing(self) -> float:
        """Return for how many seconds no progress has been made with work that was begun.

        From any thread; 0 when there is no work, infinity when there will never be progress again.
        """

    def submit(self, frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
        """Begin the work on `frame`, before that on frames of a larger `rank`."""

    def forget(self, session: int) -> None:
        """Let go of what is kept from frame to frame of `session`; it sends no more."""

    async def close(self) -> None:
        """Finish what is under way and release threads and memory."""
