"""A job on its way through the engine, and its one end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

from iot_facerecognition_server.engine.interface import WorkFailedError
from iot_facerecognition_server.engine.job import Job, Picture, Row
from iot_facerecognition_server.frames import Found, FrameRejectedError, Recognition


class JobFuture(asyncio.Future[Recognition[Found]]):
    """The future of a job, which can be cancelled until its work has begun and not after.

    A worker does not stop halfway, so its processor time is spent: the future ends with the cost,
    whoever still waits for it.
    """

    def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.begun = False

    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel the job; False where its work has begun."""
        return False if self.begun else super().cancel(msg)


class PendingJob(Generic[Found]):
    """A job on its way through the workers, and the future that its sender waits for.

    Only one thread at a time touches it, but for `rows`, `missing` and `cost`, which are changed
    under the engine's lock once there are pictures. `cost` is in processor seconds so far, of which
    `piece` went into the pictures. `succeed` and `fail` are for the event loop's thread.
    """

    __slots__ = (
        "cost",
        "job",
        "missing",
        "pictures",
        "piece",
        "rank",
        "result",
        "rows",
        "started",
        "submitted",
    )

    def __init__(
        self,
        job: Job[Any, Found],
        result: JobFuture[Found],
        rank: float = 0.0,
        submitted: float = 0.0,
    ) -> None:
        """Begin at `submitted`, in monotonic seconds by the engine's own clock."""
        self.job = job
        self.result = result
        self.rank = rank
        self.submitted = submitted
        self.started = 0.0
        self.cost = 0.0
        self.piece = 0.0
        self.pictures: Sequence[Picture] = ()
        self.rows: list[Row | None] = []
        self.missing = 0

    def begin(self) -> bool:
        """Begin the work; False where it was cancelled before."""
        if self.result.cancelled():
            return False
        self.result.begun = True
        return True

    def succeed(self, recognition: Recognition[Found]) -> None:
        """End with `recognition`, unless it has ended."""
        if not self.result.done():
            self.result.set_result(recognition)

    def fail(self, error: BaseException) -> None:
        """End with `error`, unless it has ended; what is no rejection becomes a WorkFailedError."""
        if self.result.done():
            return
        if isinstance(error, FrameRejectedError):
            error.cost = self.cost
            self.result.set_exception(error)
            return
        failure = WorkFailedError(f"{type(error).__name__}: {error}", self.cost)
        failure.__cause__ = error
        self.result.set_exception(failure)


AnyPendingJob = PendingJob[Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a job that waits for its network."""

    pending: AnyPendingJob
    index: int


def owners(items: Sequence[Item]) -> list[AnyPendingJob]:
    """Return the jobs of `items`, each once."""
    return list(dict.fromkeys(item.pending for item in items))
