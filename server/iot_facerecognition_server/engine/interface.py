"""The seam between sessions and compute.

Sessions know only what stands here and in `frames`; an engine may be threads in this process or a
cluster (docs/decisions/seam.md). `tests/server/engine/test_contract.py` holds every engine to it.
"""

from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from iot_facerecognition_protocol import ObjectLabel
from iot_facerecognition_server.frames import Capacity, Frame, RecognisedFace, Recognition, Wants

if TYPE_CHECKING:  # it loads torch, which sessions and serving can do without
    from iot_facerecognition_server.gallery.gallery import Gallery


class WorkFailedError(RuntimeError):
    """The engine failed at a frame that may be good, or refused it; `cost` as of `Recognition`."""

    def __init__(self, message: str, cost: float = 0.0) -> None:
        super().__init__(message)
        self.cost = cost


@dataclass(frozen=True, slots=True)
class Submission:
    """The work on one frame: independent futures, each None where it was not wanted.

    A future ends with its result, with `FrameRejectedError` where the frame is at fault, or with
    any other exception (`WorkFailedError` tells the cost) where the engine is, whatever becomes of
    the engine. It can be cancelled until the work on it begins; from then on `cancel` returns False
    and it ends with its cost.
    """

    faces: Future[Recognition[RecognisedFace]] | None
    objects: Future[Recognition[ObjectLabel]] | None


class Engine(Protocol):
    """Recognises frames. All calls come from the event loop's thread and return at once.

    It keeps nothing of a session: what it has to know of the frames before comes with each frame.
    """

    @property
    def capacity(self) -> Capacity:
        """How much it takes now; it may be another the next time."""

    @property
    def object_labels(self) -> int:
        """How many labels the object classifier knows; 0 when there is none."""

    def when_capacity_grows(self, call: Callable[[], None]) -> None:
        """Let `call` be called on the event loop's thread when there is more capacity again."""

    def stalled_seconds(self) -> float:
        """Return for how many seconds no progress has been made with work that was begun.

        From any thread; 0 when there is no work, infinity when there will never be progress again.
        """

    def set_gallery(self, gallery: "Gallery") -> None:
        """Let `gallery` name the faces of all frames that are submitted from now on."""

    def submit(self, frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
        """Begin the work on `frame`, before that on frames of a larger `rank`.

        Never raises: what is refused ends its futures with `WorkFailedError`.
        """

    async def close(self) -> None:
        """Finish what is under way and release threads and memory."""
