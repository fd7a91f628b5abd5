"""The engine of this machine: worker threads that scan frames and run networks in batches."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol import Face
from iot_facerecognition_server.engine.interface import (
    Found,
    Frame,
    FrameRejectedError,
    Recognition,
    Submission,
    Wants,
)
from iot_facerecognition_server.engine.jobs import (
    FaceJob,
    FaceMatcher,
    Job,
    Network,
    ObjectJob,
    PendingJob,
    Tools,
)
from iot_facerecognition_server.engine.network_thread import NetworkThread
from iot_facerecognition_server.engine.work_plan import BatchWork, ScanWork, WorkPlan
from iot_facerecognition_server.following.job import FollowedSessions

_log = logging.getLogger(__name__)

_PATIENCE = 8
"""Frames that are scanned at most while a batch that is not full waits, and pieces of faces' work
at most while objects wait."""

_BACKGROUND = (Network.CLASSIFIER,)
"""What faces go before."""

AnyJob = PendingJob[Any]


@dataclass(frozen=True, slots=True)
class BatchedNetwork:
    """A network as the engine sees it: pictures, (N, side, side, 3) uint8, to rows, (N, M) float32.

    `run` is called from any thread, with at most `batch_size` pictures of one size. On a GPU it has
    a thread of its own (`own_thread`), on a CPU the workers run it between scans.
    """

    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    batch_size: int
    own_thread: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """One picture of a job that waits for its network."""

    pending: AnyJob
    index: int


class EngineClosedError(Exception):
    """The engine was closed before it came to a frame."""


class LocalEngine:
    """Runs the pipeline on worker threads, each with tools of its own.

    dlib's scan and torch's forward release the interpreter lock, so as many workers as cores keep
    the machine busy; networks run on the same threads, one intra-op thread each, so that nothing is
    oversubscribed (docs/decisions/workers.md). A network on a GPU has a thread of its own instead,
    which takes whatever waits (docs/decisions/cuda.md).
    """

    def __init__(
        self,
        *,
        workers: Sequence[Tools],
        networks: Mapping[Network, BatchedNetwork],
        matcher: FaceMatcher,
        labels: Sequence[str] = (),
        following: FollowedSessions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start one thread for each of `workers`; call from within the event loop.

        `labels` are the classifier's, none where there is no classifier. With `following`, faces
        are followed from frame to frame and every worker has a searcher; without, each frame stands
        alone.
        """
        self._networks = networks
        self._matcher = matcher
        self._labels = labels
        self._following = following
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        sizes = {network: batched.batch_size for network, batched in networks.items()}
        background = {network: sizes.pop(network) for network in _BACKGROUND if network in sizes}
        self._plan: WorkPlan[AnyJob, Network, _Item] = WorkPlan(sizes, background, _PATIENCE)
        self._changed = threading.Condition()
        self._closing = False
        self._began: dict[str, float] = {}
        self._threads = [
            threading.Thread(target=self._work, args=(tools,), name=f"worker-{number}")
            for number, tools in enumerate(workers)
        ]
        self._network_threads = {
            network: NetworkThread(
                network.name.lower(), partial(self._run_alone, network), batched.batch_size
            )
            for network, batched in networks.items()
            if batched.own_thread
        }
        for thread in self._threads:
            thread.start()

    @property
    def capacity(self) -> int:
        """Two frames a worker, so that none waits for the event loop, and one full batch."""
        return 2 * len(self._threads) + self._networks[Network.DESCRIPTOR].batch_size

    @property
    def frames_per_session(self) -> int:
        """As many as there are workers: a lone client gets the whole machine.

        One when faces are followed: what is done with a frame depends on the one before.
        """
        return 1 if self._following is not None else len(self._threads)

    @property
    def object_labels(self) -> int:
        """How many labels the classifier knows; 0 when there is none."""
        return len(self._labels)

    def submit(self, frame: Frame, wants: Wants) -> Submission:
        """Hand `frame` to the workers. Raises EngineClosedError."""
        if self._closing:
            raise EngineClosedError("the engine is closed")
        faces = objects = None
        if wants.faces:
            faces = self._begin(self._face_job(frame))
        if wants.objects is not None and self._labels:
            objects = self._begin(ObjectJob(frame, wants.objects, self._labels))
        return Submission(faces, objects)

    def forget(self, session: int) -> None:
        """Let go of the faces that are followed in `session`."""
        if self._following is not None:
            self._following.forget(session)

    def standing(self) -> float:
        """Return how many seconds the busiest thread is at one piece of work; from any thread.

        A thread that has died counts as busy for ever.
        """
        if not self._closing and not all(thread.is_alive() for thread in self._threads):
            return float("inf")
        now = self._clock()
        standing = [now - began for began in self._began.copy().values()]
        standing += [thread.standing() for thread in self._network_threads.values()]
        return max(standing, default=0.0)

    async def close(self) -> None:
        """Give up what no worker has begun, let the rest finish, and end the threads."""
        with self._changed:
            self._closing = True
            given_up = self._plan.give_up_scans()
            self._changed.notify_all()
        for pending in given_up:
            _fail(pending.result, EngineClosedError("the engine was closed"))
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        for network_thread in self._network_threads.values():  # what the workers left to them
            await asyncio.to_thread(network_thread.close)

    def _face_job(self, frame: Frame) -> Job[Face]:
        if self._following is not None:
            return self._following.job(frame, self._matcher)
        return FaceJob(frame, self._matcher)

    def _begin(self, job: Job[Found]) -> asyncio.Future[Recognition[Found]]:
        result: asyncio.Future[Recognition[Found]] = self._loop.create_future()
        pending = PendingJob(job, result)
        with self._changed:
            self._plan.add_scan(job.network, pending)
            self._changed.notify()
        return result

    def _work(self, tools: Tools) -> None:
        me = threading.current_thread().name
        while (work := self._next_work()) is not None:
            self._began[me] = self._clock()
            match work:
                case ScanWork(pending):
                    self._guarded([pending], partial(self._prepare, tools, pending))
                case BatchWork(network, items):
                    self._guarded(_owners(items), partial(self._run, network, items))
            del self._began[me]

    def _run_alone(self, network: Network, items: Sequence[_Item]) -> None:
        """Run a batch on the network's own thread."""
        self._guarded(_owners(items), partial(self._run, network, items))

    def _guarded(self, concerned: Sequence[AnyJob], work: Callable[[], None]) -> None:
        """Do `work`; when it fails, tell those whose frames it was for."""
        try:
            work()
        except FrameRejectedError as rejected:
            self._settle_all(concerned, rejected)
        except Exception as error:  # noqa: BLE001 - no fault may cost the others a thread
            _log.exception("the work on %d frames failed", len(concerned))
            self._settle_all(concerned, error)

    def _next_work(self) -> ScanWork[AnyJob] | BatchWork[Network, _Item] | None:
        """Wait for work; None at the end."""
        with self._changed:
            while (work := self._plan.take()) is None:
                if self._closing:
                    return None
                self._changed.wait()
            if self._plan.backlog:
                self._changed.notify()
            return work

    def _prepare(self, tools: Tools, pending: AnyJob) -> None:
        if pending.result.cancelled():
            return
        pending.started = self._clock()
        pending.pictures = pending.job.prepare(tools)
        count = pending.missing = len(pending.pictures)
        pending.rows = [None] * count
        if not count:
            self._complete(pending)
            return
        items = [_Item(pending, index) for index in range(count)]
        network_thread = self._network_threads.get(pending.job.network)
        if network_thread is not None:
            network_thread.put(items)
            return
        with self._changed:
            self._plan.add_items(pending.job.network, items)
            self._changed.notify()

    def _run(self, network: Network, items: Sequence[_Item]) -> None:
        wanted = [item for item in items if not item.pending.result.done()]
        if not wanted:
            return
        pictures = np.stack([item.pending.pictures[item.index] for item in wanted])
        rows = self._networks[network].run(pictures)
        complete = []
        with self._changed:
            for item, row in zip(wanted, rows, strict=True):
                item.pending.rows[item.index] = row
                item.pending.missing -= 1
                if not item.pending.missing:
                    complete.append(item.pending)
        for pending in complete:
            self._complete(pending)

    def _complete(self, pending: AnyJob) -> None:
        found = pending.job.complete([row for row in pending.rows if row is not None])
        recognition = Recognition(found, pending.started, self._clock())
        self._loop.call_soon_threadsafe(_succeed, pending.result, recognition)

    def _settle_all(self, concerned: Sequence[AnyJob], error: Exception) -> None:
        for pending in concerned:
            self._loop.call_soon_threadsafe(_fail, pending.result, error)


def _owners(items: Sequence[_Item]) -> list[AnyJob]:
    """Return the jobs of `items`, each once."""
    return list(dict.fromkeys(item.pending for item in items))


def _succeed(future: asyncio.Future[Recognition[Any]], result: Recognition[Any]) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Recognition[Any]], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
