"""The seam between sessions and compute.

Sessions know only what stands here; an engine may be threads in this process or a cluster.
"""

from asyncio import Future
from dataclasses import dataclass
from typing import Protocol

from iot_facerecognition_protocol import ObjectLabel
from iot_facerecognition_server.frames import Frame, RecognisedFace, Recognition, Wants


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

    faces: Future[Recognition[RecognisedFace]] | None
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
