"""The engine of this machine: worker threads that scan frames and run networks in batches."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic

import numpy as np

from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.engine.interface import Submission, WorkFailedError
from iot_facerecognition_server.engine.job import (
    Job,
    JobFactory,
    NetworkOutputError,
    ToolsType,
)
from iot_facerecognition_server.engine.kept_thread import KeptThread
from iot_facerecognition_server.engine.network_thread import NetworkThread
from iot_facerecognition_server.engine.pending import (
    AnyPendingJob,
    Item,
    JobFuture,
    PendingJob,
    owners,
)
from iot_facerecognition_server.engine.repairs import UNCOUNTED, Repairs
from iot_facerecognition_server.engine.work_plan import BatchWork, ScanWork, WorkPlan
from iot_facerecognition_server.frames import (
    Capacity,
    Found,
    Frame,
    FrameRejectedError,
    Recognition,
    Wants,
)

if TYPE_CHECKING:
    from iot_facerecognition_server.gallery.gallery import Gallery

_log = logging.getLogger(__name__)

_PATIENCE = 8
"""Frames that are scanned at most while a batch that is not full waits, and pieces of faces' work
at most while objects wait."""

_SLACK: Final = 0.1
"""Seconds of processor time by which a frame's owner may be ahead and its scan still go before a
batch that is not full, or before objects: a few frames of 640x480."""

_SMOOTHING: Final = 0.1
"""Weight of the newest batch in the mean time of a network's."""


class EngineClosedError(Exception):
    """The engine was closed before it came to a frame."""


@dataclass(slots=True, eq=False)
class _Worker(Generic[ToolsType]):
    """A worker thread's own: its tools, None while they have to be made, and what it is at."""

    number: int
    tools: ToolsType | None
    began: float | None = None
    """When its piece of work began, in monotonic seconds; None when it waits."""


class LocalEngine(Generic[ToolsType]):
    """Runs the pipeline on worker threads, each with tools of its own.

    dlib's scan and torch's forward release the interpreter lock, so as many workers as cores keep
    the machine busy; networks run on the same threads, one intra-op thread each, so that nothing is
    oversubscribed (docs/decisions/workers.md). A network on a GPU has a thread of its own instead,
    which takes whatever waits (docs/decisions/cuda.md).

    Every job ends its future once, whatever raises. Tools that have failed are replaced before the
    next frame, and a thread that has failed goes on with new ones.
    """

    def __init__(
        self,
        *,
        workers: int,
        make_tools: Callable[[], ToolsType],
        networks: Mapping[str, BatchedNetwork],
        jobs: JobFactory[ToolsType],
        clock: Callable[[], float] = time.monotonic,
        stopwatch: Callable[[], float] = time.thread_time,
        repairs: Repairs = UNCOUNTED,
    ) -> None:
        """Start so many `workers`, each with tools of its own; call from within the event loop.

        `jobs` says what is done with a frame. `stopwatch` gives the seconds that count as a frame's
        cost: processor time of the thread that asks, as long as the work is done there.
        """
        self._make_tools = make_tools
        self._networks = networks
        self._jobs = jobs
        self._clock = clock
        self._stopwatch = stopwatch
        self._repairs = repairs
        self._loop = asyncio.get_running_loop()
        urgent = {name: one.batch_size for name, one in networks.items() if not one.background}
        background = {name: one.batch_size for name, one in networks.items() if one.background}
        self._plan: WorkPlan[AnyPendingJob, str, Item] = WorkPlan(
            urgent, background, _PATIENCE, _SLACK
        )
        self._capacity = Capacity(
            frames=2 * workers + max(urgent.values(), default=0),
            workers=workers,
            per_session=1 if jobs.in_order else workers,
        )
        self._batch_seconds = dict.fromkeys(networks, 0.0)
        self._changed = threading.Condition()
        self._closing = False
        self._workers = [_Worker(number, make_tools()) for number in range(workers)]
        self._threads = [self._thread_of(worker) for worker in self._workers]
        self._network_threads = {
            name: NetworkThread(
                str(name),
                partial(self._run_alone, name),
                batched.batch_size,
                replaced=repairs.replaced,
            )
            for name, batched in networks.items()
            if batched.own_thread
        }
        for thread in self._threads:
            thread.start()

    @property
    def capacity(self) -> Capacity:
        """Two frames a worker, so that none waits for the event loop, and one full batch.

        Of one session as many as there are workers, so that a lone client gets the whole machine;
        one where what is done with a frame depends on the one before. It never changes.
        """
        return self._capacity

    @property
    def workers(self) -> int:
        """Worker threads, each of which scans a frame or runs a batch."""
        return len(self._threads)

    @property
    def thread_names(self) -> tuple[str, ...]:
        """Names of all threads, by which a replaced one is counted."""
        return (
            *(thread.name for thread in self._threads),
            *map(str, self._network_threads),
        )

    @property
    def object_labels(self) -> int:
        """How many labels the classifier knows; 0 when there is none."""
        return self._jobs.object_labels

    def when_capacity_grows(self, call: Callable[[], None]) -> None:
        """Never `call`: the capacity is what it is."""

    def set_gallery(self, gallery: "Gallery") -> None:
        """Let `gallery` hold from now on, for frames that are under way as well."""
        self._jobs.set_gallery(gallery)

    def submit(self, frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
        """Hand `frame` to the workers; when the engine is closed, it fails."""
        return self._submit(frame, wants, rank)

    def examine(
        self, worker: int, frame: Frame, wants: Wants, gallery: "Gallery | None" = None
    ) -> Submission:
        """Let this `worker`, from 0, work on `frame` next, with `gallery` for its faces.

        All is as for any frame but that: its tools, the networks, what tracks faces.
        """
        return self._submit(frame, wants, worker=worker, gallery=gallery)

    def renew(self, worker: int) -> None:
        """Let this `worker` have new tools before its next frame; from any thread."""
        self._workers[worker].tools = None

    def stalled_seconds(self) -> float:
        """Return how many seconds the busiest thread is at one piece of work; from any thread.

        A thread that has died counts as busy permanently.
        """
        if not self._closing and not all(thread.is_alive() for thread in self._threads):
            return float("inf")
        now = self._clock()
        stalled = [now - began for worker in self._workers if (began := worker.began) is not None]
        stalled += [thread.stalled_seconds() for thread in self._network_threads.values()]
        return max(stalled, default=0.0)

    async def close(self) -> None:
        """Give up what no worker has begun, let the rest finish, and end the threads."""
        with self._changed:
            self._closing = True
            given_up = self._plan.give_up_scans()
            self._changed.notify_all()
        for pending in given_up:
            pending.fail(EngineClosedError("the engine was closed"))
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        for network_thread in self._network_threads.values():  # what the workers left to them
            await asyncio.to_thread(network_thread.close)
        with self._changed:  # of threads that failed in the end
            given_up = [*self._plan.give_up_scans(), *owners(self._plan.give_up_items())]
        for pending in given_up:
            pending.fail(EngineClosedError("the engine was closed"))

    def _submit(
        self,
        frame: Frame,
        wants: Wants,
        rank: float = 0.0,
        worker: int | None = None,
        gallery: "Gallery | None" = None,
    ) -> Submission:
        faces = objects = None
        if wants.faces:
            faces = self._begin(partial(self._jobs.faces, frame, gallery), rank, worker)
        if wants.objects is not None and self._jobs.object_labels:
            objects = self._begin(partial(self._jobs.objects, frame, wants.objects), rank, worker)
        return Submission(faces, objects)

    def _begin(
        self, make: Callable[[], Job[ToolsType, Found]], rank: float, worker: int | None
    ) -> asyncio.Future[Recognition[Found]]:
        """Make a job and hand it to the workers; a refusal is a result like any other."""
        result: JobFuture[Found] = JobFuture(loop=self._loop)
        try:
            pending = PendingJob(make(), result, rank, self._clock())
            self._put(pending, worker)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait without end
            _log.exception("a frame could not be given to the workers")
            result.set_exception(WorkFailedError(f"{type(error).__name__}: {error}"))
        return result

    def _put(self, pending: AnyPendingJob, worker: int | None) -> None:
        with self._changed:
            if self._closing:
                pending.fail(EngineClosedError("the engine is closed"))
            elif worker is None:
                self._plan.add_scan(pending.job.network, pending, pending.rank)
                self._changed.notify()
            else:
                self._plan.add_scan_for(worker, pending)
                self._changed.notify_all()  # nobody else may take it

    def _thread_of(self, worker: _Worker[ToolsType]) -> KeptThread:
        def work() -> None:
            self._work(worker, thread.progressed)

        def replaced(name: str) -> None:
            worker.tools, worker.began = None, None
            self._repairs.replaced(name)

        thread = KeptThread(f"worker-{worker.number}", work, replaced)
        return thread

    def _work(self, worker: _Worker[ToolsType], progressed: Callable[[], None]) -> None:
        while (work := self._next_work(worker)) is not None:
            worker.began = self._clock()
            match work:
                case ScanWork(pending):
                    self._guarded([pending], partial(self._prepare, worker, pending))
                case BatchWork(network, items):
                    self._guarded(owners(items), partial(self._run, network, items))
            worker.began = None
            progressed()

    def _run_alone(self, network: str, items: Sequence[Item]) -> None:
        """Run a batch on the network's own thread."""
        self._guarded(owners(items), partial(self._run, network, items))

    def _guarded(self, concerned: Sequence[AnyPendingJob], work: Callable[[], None]) -> None:
        """Do `work`; when it fails, tell those whose frames it was for.

        What is no `Exception` ends the thread too: its owner takes care of that.
        """
        try:
            work()
        except FrameRejectedError as rejected:
            self._fail_all(concerned, rejected)
        except Exception as error:  # noqa: BLE001 - no fault may cost the others a thread
            _log.exception("the work on %d frames failed", len(concerned))
            self._fail_all(concerned, error)
        except BaseException as error:
            self._fail_all(concerned, error)
            raise

    def _next_work(
        self, worker: _Worker[ToolsType]
    ) -> ScanWork[AnyPendingJob] | BatchWork[str, Item] | None:
        """Wait for work; None at the end."""
        with self._changed:
            while (work := self._plan.take(worker.number, self._clock())) is None:
                if self._closing:
                    return None
                self._changed.wait()
            if self._plan.backlog:
                self._changed.notify()
            return work

    def _prepare(self, worker: _Worker[ToolsType], pending: AnyPendingJob) -> None:
        if not pending.begin():
            return
        pending.started = self._clock()
        began = self._stopwatch()
        try:
            pending.pictures = pending.job.prepare(self._tools_of(worker))
        except FrameRejectedError:
            raise
        except BaseException:
            worker.tools = None  # whatever state they are in now
            raise
        finally:
            pending.piece = self._stopwatch() - began
            pending.cost += pending.piece
        count = pending.missing = len(pending.pictures)
        pending.rows = [None] * count
        if not count:
            self._complete(pending)
            return
        network = pending.job.network
        items = [Item(pending, index) for index in range(count)]
        network_thread = self._network_threads.get(network)
        if network_thread is not None:
            network_thread.put(items)
            return
        with self._changed:
            self._plan.add_items(network, items, pending.rank, self._batch_seconds[network])
            self._changed.notify()

    def _tools_of(self, worker: _Worker[ToolsType]) -> ToolsType:
        tools = worker.tools
        if tools is None:
            tools = worker.tools = self._make_tools()
            self._repairs.renewed()
        return tools

    def _run(self, network: str, items: Sequence[Item]) -> None:
        wanted = [item for item in items if not item.pending.result.done()]
        if not wanted:
            return
        began = self._stopwatch()
        try:
            pictures = np.stack([item.pending.pictures[item.index] for item in wanted])
            rows = self._networks[network].run(pictures)
        finally:
            self._share(network, wanted, self._stopwatch() - began)
        if len(rows) != len(wanted):
            raise NetworkOutputError(f"a network gave {len(rows)} rows for {len(wanted)} pictures")
        complete = []
        with self._changed:
            for item, row in zip(wanted, rows, strict=True):
                item.pending.rows[item.index] = row
                item.pending.missing -= 1
                if not item.pending.missing:
                    complete.append(item.pending)
        for pending in complete:
            self._guarded([pending], partial(self._complete, pending))

    def _share(self, network: str, items: Sequence[Item], seconds: float) -> None:
        """Let the frames of `items` share the cost of their batch."""
        with self._changed:
            for item in items:
                item.pending.cost += seconds / len(items)
            self._batch_seconds[network] += _SMOOTHING * (seconds - self._batch_seconds[network])

    def _complete(self, pending: AnyPendingJob) -> None:
        found = pending.job.complete([row for row in pending.rows if row is not None])
        recognition = Recognition(
            found,
            waited=pending.started - pending.submitted,
            took=self._clock() - pending.started,
            cost=pending.cost,
            piece=pending.piece,
            tracks=pending.job.tracks,
        )
        self._loop.call_soon_threadsafe(pending.succeed, recognition)

    def _fail_all(self, concerned: Sequence[AnyPendingJob], error: BaseException) -> None:
        for pending in concerned:
            self._loop.call_soon_threadsafe(pending.fail, error)
