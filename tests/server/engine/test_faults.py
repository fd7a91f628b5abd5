"""Whatever fails inside the engine: every job ends once, and the next is worked on as before."""

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.engine.interface import WorkFailedError
from iot_facerecognition_server.engine.kept_thread import FIRST_PAUSE, LONGEST_PAUSE, KeptThread
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.engine.network_calls import DetectorThread
from iot_facerecognition_server.engine.network_thread import NetworkThread
from iot_facerecognition_server.engine.repairs import Repairs
from iot_facerecognition_server.frames import (
    Frame,
    FrameRejectedError,
    Match,
    ObjectsWanted,
    RecognisedFace,
    Recognition,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.vision.face_scanner import ScannedFaces

ANN = np.zeros((1, 128), np.float32)


class Scanner:
    """Finds one face, unless the 'JPEG' says what else is to happen."""

    def __init__(self) -> None:
        self.poisoned = False

    def scan(self, jpeg: bytes) -> ScannedFaces:
        if self.poisoned:
            raise FrameRejectedError(ErrorCode.FRAME_DAMAGED, "a tool that failed is used again")
        if jpeg in RAISED:
            self.poisoned = jpeg != b"reject"
            raise RAISED[jpeg]
        chip = np.full((8, 8, 3), len(jpeg), np.uint8)
        return [Detection(Box(0, 0, 1, 1), 1.0, quality=1.0)], [chip]


RAISED: dict[bytes, BaseException] = {
    b"reject": FrameRejectedError(ErrorCode.FRAME_DAMAGED, "cut short"),
    b"fail": RuntimeError("a bug"),
    b"stop": StopIteration("as a generator does"),
    b"memory": MemoryError(),
    b"exit": SystemExit(3),
    b"interrupt": KeyboardInterrupt(),
}


class Cropper:
    def crops(self, jpeg: bytes, wanted: ObjectsWanted, seed: Sequence[int]) -> list[Any]:
        return [np.zeros((8, 8, 3), np.uint8)] * 2


class Describer:
    """Gives right rows, or once what the test wants."""

    def __init__(self) -> None:
        self.next: Callable[[int], Any] | None = None

    def run(self, pictures: np.ndarray) -> Any:
        made, self.next = self.next, None
        return np.zeros((len(pictures), 128), np.float32) if made is None else made(len(pictures))


class Rig:
    """An engine on fakes, and what it mended."""

    open: ClassVar[list["Rig"]] = []

    def __init__(self, workers: int = 1, *, own_thread: bool = False, **options: Any) -> None:
        self.network, self.classifier = Describer(), Describer()
        self.mended: Counter[str] = Counter()
        self.made = 0
        self.open.append(self)
        self.engine = LocalEngine(
            workers=workers,
            make_tools=self.make_tools,
            networks={
                Network.DESCRIPTOR: BatchedNetwork(self.network.run, 4, own_thread=own_thread),
                Network.CLASSIFIER: BatchedNetwork(
                    self.classify, 4, own_thread=own_thread, background=True
                ),
            },
            jobs=FrameJobs(options.pop("matcher", Gallery(["ann"], ANN)), ("cat", "dog")),
            repairs=Repairs(lambda name: self.mended.update([name]), self.count_renewed),
            **options,
        )

    def classify(self, pictures: np.ndarray) -> Any:
        made = self.classifier.next
        self.classifier.next = None
        return np.full((len(pictures), 2), 0.5) if made is None else made(len(pictures))

    def count_renewed(self) -> None:
        self.mended.update(["tools"])

    def make_tools(self) -> Tools:
        self.made += 1
        return Tools(Scanner(), Cropper())

    async def faces(self, jpeg: bytes = b"good") -> Recognition[RecognisedFace]:
        faces = self.engine.submit(Frame(1, 1, jpeg, 0.0), Wants()).faces
        assert faces is not None
        return await asyncio.wait_for(faces, 30)

    async def objects(self) -> Recognition[Any]:
        wants = Wants(faces=False, objects=ObjectsWanted(2, deterministic=True))
        objects = self.engine.submit(Frame(1, 1, b"good", 0.0), wants).objects
        assert objects is not None
        return await asyncio.wait_for(objects, 30)

    async def is_well(self) -> None:
        """Every worker and both networks work as ever."""
        answers = await asyncio.gather(*(self.faces() for _ in range(10)), self.objects())
        assert [answer.found[0].match.tag for answer in answers[:-1]] == ["ann"] * 10
        await self.engine.close()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        Rig.open.clear()
        try:
            await scenario()
        finally:
            for rig in Rig.open:
                await rig.engine.close()

    asyncio.run(main())


NONSENSE: dict[str, Callable[[int], Any]] = {
    "NaN": lambda count: np.full((count, 128), np.nan, np.float32),
    "infinity": lambda count: np.full((count, 128), np.inf, np.float32),
    "too narrow": lambda count: np.zeros((count, 64), np.float32),
    "flat": lambda count: np.zeros(count, np.float32),
    "a row too few": lambda count: np.zeros((count - 1, 128), np.float32),
    "a row too many": lambda count: np.zeros((count + 1, 128), np.float32),
    "nothing": lambda count: None,
    "words": lambda count: ["?"] * count,
}


@pytest.mark.parametrize("own_thread", [False, True])
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_of_the_network_is_a_failure_and_never_a_name(kind: str, own_thread: bool) -> None:
    async def scenario() -> None:
        rig = Rig(own_thread=own_thread)
        rig.network.next = NONSENSE[kind]
        with pytest.raises(WorkFailedError):
            await rig.faces()
        await rig.is_well()

    run(scenario)


@pytest.mark.parametrize("kind", ["NaN", "a row too few", "flat"])
def test_nonsense_of_the_classifier_is_a_failure(kind: str) -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.classifier.next = NONSENSE[kind]
        with pytest.raises(WorkFailedError):
            await rig.objects()
        await rig.is_well()

    run(scenario)


def test_frames_of_one_batch_fail_each_for_itself() -> None:
    """Two frames share a batch in which one row is NaN."""

    async def scenario() -> None:
        rig = Rig()
        begun, held = threading.Event(), threading.Event()

        def wait(count: int) -> np.ndarray:
            begun.set()
            assert held.wait(30)
            return np.zeros((count, 128), np.float32)

        def one_bad(count: int) -> np.ndarray:
            rows = np.zeros((count, 128), np.float32)
            rows[0] = np.nan
            return rows

        rig.network.next = wait
        first = asyncio.ensure_future(rig.faces())
        await asyncio.to_thread(begun.wait, 30)
        others = [asyncio.ensure_future(rig.faces()) for _ in range(3)]
        await asyncio.sleep(0)
        rig.network.next = one_bad
        held.set()
        ends = await asyncio.gather(first, *others, return_exceptions=True)
        assert [isinstance(end, WorkFailedError) for end in ends] == [False, True, False, False]
        await rig.is_well()

    run(scenario)


@pytest.mark.parametrize("jpeg", [raised for raised in RAISED if raised != b"reject"])
@pytest.mark.parametrize("workers", [1, 3])
def test_tools_that_failed_are_made_anew_before_the_next_frame(jpeg: bytes, workers: int) -> None:
    async def scenario() -> None:
        rig = Rig(workers)
        for _ in range(3):
            with pytest.raises(WorkFailedError):
                await rig.faces(jpeg)
            await asyncio.gather(*(rig.faces() for _ in range(20)))
        assert rig.engine.stalled_seconds() < 60
        await rig.is_well()
        dies = not isinstance(RAISED[jpeg], Exception)
        deaths = sum(n for name, n in rig.mended.items() if name.startswith("worker-"))
        assert deaths == (3 if dies else 0)
        assert 1 <= rig.mended["tools"] <= 3  # not before the next frame, on any of the workers
        assert rig.made == workers + rig.mended["tools"]

    run(scenario)


def test_frame_that_is_rejected_leaves_the_tools_in_place() -> None:
    async def scenario() -> None:
        rig = Rig()
        with pytest.raises(FrameRejectedError):
            await rig.faces(b"reject")
        assert rig.made == 1
        await rig.is_well()
        assert not rig.mended

    run(scenario)


def test_tools_that_cannot_be_made_cost_the_frames_that_need_them_only() -> None:
    async def scenario() -> None:
        rig = Rig()
        with pytest.raises(WorkFailedError):
            await rig.faces(b"fail")
        good = rig.engine._make_tools

        def no_tools() -> Tools:
            raise OSError("libturbojpeg is gone")

        rig.engine._make_tools = no_tools
        for _ in range(3):
            with pytest.raises(WorkFailedError, match="libturbojpeg is gone"):
                await rig.faces()
        rig.engine._make_tools = good
        await rig.is_well()

    run(scenario)


class FailingMatcher:
    """A gallery that fails once."""

    def __init__(self, error: BaseException) -> None:
        self.error: BaseException | None = error

    def match(self, descriptors: np.ndarray) -> list[Match]:
        error, self.error = self.error, None
        if error is not None:
            raise error
        return Gallery(["ann"], ANN).match(descriptors)


@pytest.mark.parametrize("own_thread", [False, True])
@pytest.mark.parametrize("error", [RuntimeError("a bug"), StopIteration(), SystemExit(1)])
def test_job_that_fails_at_its_end_is_answered(error: BaseException, own_thread: bool) -> None:
    async def scenario() -> None:
        rig = Rig(own_thread=own_thread, matcher=FailingMatcher(error))
        with pytest.raises(WorkFailedError):
            await rig.faces()
        await rig.is_well()
        assert sum(rig.mended.values()) >= (not isinstance(error, Exception))

    run(scenario)


def test_thread_of_a_network_that_dies_is_replaced_and_its_frames_are_answered() -> None:
    async def scenario() -> None:
        rig = Rig(own_thread=True)

        def die(count: int) -> Any:
            raise SystemExit(count)

        rig.network.next = die
        with pytest.raises(WorkFailedError):
            await rig.faces()
        assert (await rig.faces()).found[0].match.tag == "ann"
        assert rig.mended == {"descriptor": 1}
        assert rig.engine.stalled_seconds() < 60
        await rig.is_well()

    run(scenario)


def test_engine_that_is_closed_ends_what_it_is_given() -> None:
    async def scenario() -> None:
        rig = Rig()
        await rig.engine.close()
        with pytest.raises(WorkFailedError, match="closed"):
            await rig.faces()

    run(scenario)


def test_cost_is_told_of_good_rejected_and_failed_frames() -> None:
    ticks: Iterator[int] = iter(range(10**6))

    async def scenario() -> None:
        rig = Rig(stopwatch=lambda: float(next(ticks)))  # each look at it is a second later
        assert (await rig.faces()).cost == 2.0, "one second for the scan, one for the network"
        with pytest.raises(FrameRejectedError) as rejected:
            await rig.faces(b"reject")
        assert rejected.value.cost == 1.0
        with pytest.raises(WorkFailedError) as failed:
            await rig.faces(b"fail")
        assert failed.value.cost == 1.0
        rig.network.next = NONSENSE["NaN"]
        with pytest.raises(WorkFailedError) as nonsense:
            await rig.faces()
        assert nonsense.value.cost == 2.0
        await rig.is_well()

    run(scenario)


def test_each_worker_can_be_asked_by_itself_and_given_new_tools() -> None:
    async def scenario() -> None:
        rig = Rig(workers=3)
        asked: list[str] = []

        class Noting(Scanner):
            def scan(self, jpeg: bytes) -> ScannedFaces:
                asked.append(threading.current_thread().name)
                return super().scan(jpeg)

        rig.engine._make_tools = lambda: Tools(Noting(), Cropper())
        stranger = Gallery(["stranger"], ANN)
        for worker in (2, 0, 1, 1):
            rig.engine.renew(worker)
            faces = rig.engine.examine(worker, Frame(0, 1, b"x", 0.0), Wants(), stranger).faces
            assert faces is not None
            assert (await asyncio.wait_for(faces, 30)).found[0].match.tag == "stranger"
        assert asked == ["worker-2", "worker-0", "worker-1", "worker-1"]
        await rig.is_well()

    run(scenario)


def test_detector_thread_answers_its_callers_whatever_happens() -> None:
    replaced: list[str] = []
    answers: list[Callable[[int], Any]] = []

    def detect(pictures: np.ndarray) -> Any:
        return answers.pop(0)(len(pictures))

    def die(count: int) -> Any:
        raise SystemExit(count)

    detector = DetectorThread(detect, replaced=replaced.append)
    picture = np.zeros((8, 8, 3), np.uint8)
    failing: list[Callable[[int], Any]] = [lambda count: [], die, die]
    for answer in failing:
        answers.append(answer)
        with pytest.raises(Exception, match=r"answers for|thread failed"):
            detector.find(picture)
    face = Detection(Box(1, 1, 3, 3), 1.0)
    answers.append(lambda count: [[face]] * count)
    assert detector.find(picture) == [face]
    assert replaced == ["detector", "detector"]
    detector.close()


def test_thread_that_fails_at_once_again_waits_longer_each_time_until_it_makes_progress() -> None:
    pauses: list[float] = []
    failures = iter([*[True] * 12, False, True, True])
    replaced: list[str] = []

    def work() -> None:
        for fails in failures:
            if fails:
                raise SystemExit
            thread.progressed()

    thread = KeptThread("worker-0", work, replaced.append)
    wait = thread._closing.wait

    def pause(timeout: float | None = None) -> bool:
        pauses.append(timeout or 0.0)
        return wait(0)

    thread._closing.wait = pause  # type: ignore[method-assign]
    thread.start()
    thread._thread.join()
    assert pauses[:5] == [0.0, *(FIRST_PAUSE * 2**n for n in range(4))]
    assert pauses[11] == LONGEST_PAUSE
    assert pauses[12:] == [0.0, FIRST_PAUSE]
    assert len(replaced) == 14


def test_network_thread_ends_although_its_last_batch_failed() -> None:
    def die(_: Sequence[int]) -> None:
        raise SystemExit

    thread: NetworkThread[int] = NetworkThread("descriptor", die, 4)
    thread.put([1])
    thread.close()


def test_work_that_has_begun_is_not_cancelled_and_tells_its_cost() -> None:
    async def scenario() -> None:
        begun, release = threading.Event(), threading.Event()

        def wait(count: int) -> np.ndarray:
            begun.set()
            release.wait(30)
            return np.zeros((count, 128), np.float32)

        ticks = itertools.count()
        rig = Rig(stopwatch=lambda: float(next(ticks)))
        rig.network.next = wait
        first = rig.engine.submit(Frame(1, 1, b"good", 0.0), Wants()).faces
        assert await asyncio.to_thread(begun.wait, 30)
        second = rig.engine.submit(Frame(1, 2, b"good", 0.0), Wants()).faces
        assert first
        assert second
        assert not first.cancel()
        assert second.cancel()
        release.set()
        assert (await first).cost == 2.0  # a tick for the scan, and one for the network
        await rig.is_well()

    run(scenario)
