"""Every worker is asked for the known answer, now and then, and readiness tells the outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.config import load
from iot_facerecognition_server.engine.interface import Submission, WorkFailedError
from iot_facerecognition_server.frames import Frame, FrameRejectedError, Recognition, Wants
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.observability.examination import (
    SHARE,
    SHORTEST_PAUSE,
    Examination,
)
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.readiness import Readiness
from iot_facerecognition_server.observability.self_test import TAG, SelfTest, known_answer
from tests.server.recognised_faces import recognised

RIGHT = (recognised(TAG, 74, 83, 87, 88, distance=0.01),)
WRONG = (recognised("", 74, 83, 87, 88, distance=0.7),)


class Workers:
    """An engine whose workers answer as the test wants: faces, an error, or never (None)."""

    object_labels = 0

    def __init__(self, count: int) -> None:
        self.workers = count
        self.answers: dict[int, Any] = dict.fromkeys(range(count), RIGHT)
        self.asked: list[int] = []
        self.renewed: list[int] = []
        self.cost = 0.04

    def examine(self, worker: int, frame: Frame, wants: Wants, gallery: Gallery) -> Submission:
        assert gallery.people == (TAG,)
        self.asked.append(worker)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer = self.answers[worker]
        if isinstance(answer, Exception):
            future.set_exception(answer)
        elif answer is not None:
            future.set_result(Recognition(answer, 0.0, 0.1, cost=self.cost))
        return Submission(future, None)

    def renew(self, worker: int) -> None:
        self.renewed.append(worker)


class Rig:
    """An examination, and what it makes of readiness and metrics."""

    def __init__(self, workers: int = 2, patience: float = 30.0) -> None:
        self.engine = Workers(workers)
        self.readiness = Readiness("self-test")
        self.readiness.meet("self-test")
        self.registry = CollectorRegistry()
        self.pauses: list[float] = []
        self.examination = Examination(
            self.engine,
            SelfTest(load(None, {}), known_answer()),
            self.readiness,
            "self-test",
            ServerMetrics(self.registry).self_tests,
            patience=patience,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == 7:
            raise asyncio.CancelledError

    @property
    def line(self) -> str:
        (line,) = self.readiness.verdict().lines
        return line

    def count(self, outcome: str) -> float | None:
        name = "iot_facerecognition_self_tests_total"
        return self.registry.get_sample_value(name, {"outcome": outcome})


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    asyncio.run(main())


def test_every_worker_is_asked_in_its_turn_at_a_bounded_cost() -> None:
    async def scenario() -> None:
        rig = Rig(workers=3)
        with pytest.raises(asyncio.CancelledError):
            await rig.examination.run()
        assert rig.engine.asked == [0, 1, 2, 0, 1, 2, 0]
        assert rig.pauses == [pytest.approx(0.04 / SHARE)] * 7
        assert rig.count("right") == 7
        assert rig.line == "self-test: ok"

    run(scenario)


def test_cheap_answers_are_not_asked_for_without_a_pause() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.engine.cost = 0.0
        with pytest.raises(asyncio.CancelledError):
            await rig.examination.run()
        assert rig.pauses == [SHORTEST_PAUSE] * 7

    run(scenario)


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (WRONG, "wrong", "was not recognised"),
        ((), "wrong", "not found where it is"),
        (FrameRejectedError(ErrorCode.FRAME_DAMAGED, "a poisoned decoder"), "wrong", "poisoned"),
        (WorkFailedError("CUDA error"), "wrong", "CUDA error"),
        (None, "late", "no answer within"),
    ],
)
def test_one_wrong_worker_ends_readiness_until_it_is_right_again(
    answer: Any, outcome: str, words: str
) -> None:
    async def scenario() -> None:
        rig = Rig(patience=0.05 if outcome == "late" else 30.0)
        rig.engine.answers[1] = answer
        for worker in (0, 1, 0):
            await rig.examination.ask(worker)
        assert not rig.readiness.verdict().good, "another worker's right answer changes nothing"
        assert rig.line.startswith("self-test: worker 1: ")
        assert words in rig.line
        assert (rig.count(outcome), rig.count("right")) == (1, 2)
        assert rig.engine.renewed == ([1] if outcome == "wrong" else [])
        rig.engine.answers[1] = RIGHT
        await rig.examination.ask(1)
        assert rig.line == "self-test: ok"

    run(scenario)
