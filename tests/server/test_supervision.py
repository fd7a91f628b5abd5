"""Background tasks that fail, once or again and again."""

import asyncio
from itertools import pairwise

import pytest

from iot_facerecognition_server.supervision import (
    LOGGED_AGAIN_AFTER,
    LONGEST_PAUSE_SECONDS,
    RESTART_SECONDS,
    STEADY_SECONDS,
    LogDetail,
    Restarts,
    Supervisor,
    TaskFailedError,
)
from tests.virtual_time import in_virtual_time


def test_pauses_grow_to_a_bound_and_the_same_failure_is_told_seldom():
    restarts = Restarts()
    seen = [restarts.failed(OSError("read-only"), 0.1) for _ in range(LOGGED_AGAIN_AFTER + 1)]
    assert [pause for pause, _ in seen[:8]] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert max(pause for pause, _ in seen) == LONGEST_PAUSE_SECONDS
    details = [detail for _, detail in seen]
    assert (details[0], details[-1]) == (LogDetail.TRACEBACK, LogDetail.SENTENCE)
    assert set(details[1:-1]) == {LogDetail.NOTHING}


def test_another_failure_is_reported_and_a_sentence_needs_no_traceback():
    restarts = Restarts()
    assert restarts.failed(OSError("a"), 0)[1] is LogDetail.TRACEBACK
    assert restarts.failed(OSError("b"), 0)[1] is LogDetail.TRACEBACK
    assert restarts.failed(TaskFailedError("c"), 0)[1] is LogDetail.SENTENCE


def test_after_running_steadily_a_failure_is_the_first_one():
    restarts = Restarts()
    for _ in range(5):
        restarts.failed(OSError("a"), 1)
    assert restarts.failed(OSError("a"), STEADY_SECONDS) == (1, LogDetail.TRACEBACK)


class Work:
    """A background task that does, at each run, what the test has written down for it."""

    def __init__(self, *runs: Exception | float | None) -> None:
        """Fail, run for so many seconds, or end at once (None); after the last run, stay."""
        self._runs = list(runs)
        self.begun: list[float] = []
        self.staying = asyncio.Event()
        self.ended = False

    async def __call__(self) -> None:
        loop = asyncio.get_running_loop()
        self.begun.append(loop.time())
        if not self._runs:
            self.staying.set()
            try:
                await loop.create_future()
            finally:
                await asyncio.sleep(0)  # what has to be tidied up takes its time
                self.ended = True
        run = self._runs.pop(0)
        if isinstance(run, float):
            await asyncio.sleep(run)
            raise OSError("no room")
        if run is not None:
            raise run


def supervised(*works: Work) -> list[str]:
    """Run until every one stays; return the names of what failed, one for each failure."""
    counted: list[str] = []

    async def scenario() -> None:
        async with Supervisor(counted.append) as supervisor:
            for number, work in enumerate(works):
                supervisor.start(f"task {number}", work)
            for work in works:
                await work.staying.wait()
                assert not work.ended
        assert all(work.ended for work in works), "none outlives the supervisor"

    in_virtual_time(scenario)
    return counted


@pytest.mark.parametrize("kind", [OSError, TaskFailedError])
def test_a_task_that_failed_is_counted_told_and_started_again_after_growing_pauses(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(*[kind("no room") for _ in range(3)])
    assert supervised(work) == ["task 0"] * 3
    assert work.begun == [0, 1, 1 + 2, 1 + 2 + 4]
    (record,) = caplog.records
    assert record.getMessage().endswith("task 0 failed, next try in 1 s: no room")
    assert bool(record.exc_info) is (kind is OSError)


def test_a_failure_without_words_is_reported_by_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    supervised(Work(ZeroDivisionError()))
    assert caplog.records[0].getMessage().endswith("next try in 1 s: ZeroDivisionError")


def test_a_task_that_ended_by_itself_is_started_again_and_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Work(None, None)
    assert supervised(work) == []
    assert work.begun == [0, RESTART_SECONDS, 2 * RESTART_SECONDS]
    assert not caplog.records


def test_a_failure_after_a_steady_run_is_the_first_one_again() -> None:
    work = Work(OSError("a"), OSError("b"), STEADY_SECONDS)
    supervised(work)
    pauses = [begun - before for before, begun in pairwise(work.begun)]
    assert pauses == [1, 2, STEADY_SECONDS + 1]


def test_what_fails_takes_nobody_with_it() -> None:
    broken, sound = Work(*[RuntimeError("a fault") for _ in range(5)]), Work()
    assert supervised(broken, sound) == ["task 0"] * 5
    assert sound.begun == [0]


def test_leaving_ends_a_task_that_waits_for_its_next_try() -> None:
    async def scenario() -> None:
        tried = asyncio.Event()

        async def fail() -> None:
            tried.set()
            raise OSError("no room")

        async with Supervisor() as supervisor:
            supervisor.start("control", fail)
            await tried.wait()
        assert len(asyncio.all_tasks()) == 1, "this one"

    in_virtual_time(scenario)
