"""The engine of this machine: worker threads that scan frames and run networks in batches."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from iot_facerecognition_protocol import Face
from iot_facerecognition_server.engine.interface import (
    FacesRecognised,
    Frame,
    FrameRejectedError,
    Submission,
    Wants,
)
from iot_facerecognition_server.engine.work_plan import BatchWork, ScanWork, WorkPlan
from iot_facerecognition_server.gallery.gallery import Match
from iot_facerecognition_server.vision.face_scanner import ScannedFace

_log = logging.getLogger(__name__)

Chips = npt.NDArray[np.uint8]
Descriptors = npt.NDArray[np.float32]


class FrameScanner(Protocol):
    """Finds the faces of a JPEG; used by one thread only."""

    def scan(self, jpeg: bytes) -> Sequence[ScannedFace]:
        """Return the faces with their chips. Raises FrameRejectedError."""


class ChipDescriber(Protocol):
    """Turns chips, (N, size, size, 3) uint8 RGB, into descriptors, (N, 128) float32."""

    def describe(self, chips: Chips) -> Descriptors:
        """Return one descriptor a chip. Callable from any thread."""


class FaceMatcher(Protocol):
    """Finds the nearest reference of each of the (N, 128) descriptors."""

    def match(self, descriptors: Descriptors) -> Sequence[Match]:
        """Return one match a descriptor. Callable from any thread."""


class EngineClosedError(Exception):
    """The engine was closed before it came to a frame."""


@dataclass(slots=True, eq=False)
class _FaceJob:
    """One frame on its way through the workers; only one thread at a time touches it."""

    frame: Frame
    result: asyncio.Future[FacesRecognised]
    started: float = 0.0
    found: Sequence[ScannedFace] = ()
    descriptors: list[Descriptors | None] = field(default_factory=list)
    missing: int = 0


@dataclass(frozen=True, slots=True)
class _Chip:
    """One face of a job that waits for its descriptor."""

    job: _FaceJob
    index: int


class LocalEngine:
    """Runs the pipeline on `workers` threads, each with a scanner of its own.

    dlib's scan and torch's forward release the interpreter lock, so as many workers as cores keep
    the machine busy; networks run on the same threads, one intra-op thread each, so that nothing is
    oversubscribed (docs/decisions/workers.md).
    """

    def __init__(
        self,
        *,
        workers: int,
        batch_size: int,
        make_scanner: Callable[[], FrameScanner],
        describer: ChipDescriber,
        matcher: FaceMatcher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the workers; call from within the event loop that `submit` will be called from."""
        self._batch_size = batch_size
        self._describer = describer
        self._matcher = matcher
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._plan: WorkPlan[_FaceJob, _Chip] = WorkPlan(batch_size)
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, args=(make_scanner(),), name=f"worker-{n}")
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def capacity(self) -> int:
        """Two frames a worker, so that none waits for the event loop, and one full batch."""
        return 2 * len(self._threads) + self._batch_size

    @property
    def frames_per_session(self) -> int:
        """As many as there are workers: a lone client gets the whole machine."""
        return len(self._threads)

    @property
    def object_labels(self) -> int:
        """No classifier yet."""
        return 0

    def submit(self, frame: Frame, wants: Wants) -> Submission:
        """Hand `frame` to the workers. Raises EngineClosedError."""
        if self._closing:
            raise EngineClosedError("the engine is closed")
        if not wants.faces:
            return Submission(faces=None, objects=None)
        job = _FaceJob(frame, self._loop.create_future())
        with self._changed:
            self._plan.add_scan(job)
            self._changed.notify()
        return Submission(faces=job.result, objects=None)

    async def close(self) -> None:
        """Give up what no worker has begun, let the rest finish, and end the threads."""
        with self._changed:
            self._closing = True
            given_up = self._plan.give_up_scans()
            self._changed.notify_all()
        for job in given_up:
            _fail(job.result, EngineClosedError("the engine was closed"))
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self, scanner: FrameScanner) -> None:
        while (work := self._next_work()) is not None:
            jobs = [work.scan] if isinstance(work, ScanWork) else [c.job for c in work.items]
            try:
                match work:
                    case ScanWork(job):
                        self._scan(scanner, job)
                    case BatchWork(chips):
                        self._describe(chips)
            except Exception as error:  # noqa: BLE001 - no fault may cost the others a worker
                _log.exception("the work on %d frames failed", len(jobs))
                for job in jobs:
                    self._settle(job, error)

    def _next_work(self) -> ScanWork[_FaceJob] | BatchWork[_Chip] | None:
        """Wait for work; None at the end."""
        with self._changed:
            while (work := self._plan.take()) is None:
                if self._closing:
                    return None
                self._changed.wait()
            if self._plan.backlog:
                self._changed.notify()
            return work

    def _scan(self, scanner: FrameScanner, job: _FaceJob) -> None:
        if job.result.cancelled():
            return
        job.started = self._clock()
        try:
            job.found = scanner.scan(job.frame.jpeg)
        except FrameRejectedError as rejected:
            self._settle(job, rejected)
            return
        job.missing = len(job.found)
        job.descriptors = [None] * job.missing
        if not job.found:
            self._settle(job, ())
            return
        with self._changed:
            self._plan.add_items([_Chip(job, index) for index in range(job.missing)])
            self._changed.notify()

    def _describe(self, chips: Sequence[_Chip]) -> None:
        wanted = [chip for chip in chips if not chip.job.result.cancelled()]
        if not wanted:
            return
        described = self._describer.describe(
            np.stack([chip.job.found[chip.index].chip for chip in wanted])
        )
        complete = []
        with self._changed:
            for chip, descriptor in zip(wanted, described, strict=True):
                chip.job.descriptors[chip.index] = descriptor
                chip.job.missing -= 1
                if not chip.job.missing:
                    complete.append(chip.job)
        for job in complete:
            self._match(job)

    def _match(self, job: _FaceJob) -> None:
        matches = self._matcher.match(np.stack([d for d in job.descriptors if d is not None]))
        self._settle(
            job,
            tuple(_face(found, match) for found, match in zip(job.found, matches, strict=True)),
        )

    def _settle(self, job: _FaceJob, outcome: tuple[Face, ...] | Exception) -> None:
        """Hand the outcome over to the event loop."""
        if isinstance(outcome, Exception):
            self._loop.call_soon_threadsafe(_fail, job.result, outcome)
        else:
            recognised = FacesRecognised(outcome, job.started, self._clock())
            self._loop.call_soon_threadsafe(_succeed, job.result, recognised)


def _succeed(future: asyncio.Future[FacesRecognised], result: FacesRecognised) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[FacesRecognised], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _face(found: ScannedFace, match: Match) -> Face:
    box = found.detection
    return Face(
        tag=match.tag,
        x=box.left,
        y=box.top,
        width=box.right - box.left,
        height=box.bottom - box.top,
        distance=match.distance,
        score=box.score,
    )
