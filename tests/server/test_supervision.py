"""Background tasks that fail, once or again and again."""

import asyncio

import pytest

from iot_facerecognition_server.supervision import (
    LONGEST_PAUSE_SECONDS,
    STEADY_SECONDS,
    TOLD_AGAIN,
    Restarts,
    Supervisor,
    TaskFailedError,
    Telling,
)


def test_pauses_grow_to_a_bound_and_the_same_failure_is_told_seldom():
    restarts = Restarts()
    seen = [restarts.failed(OSError("read-only"), 0.1) for _ in range(TOLD_AGAIN + 1)]
    assert [pause for pause, _ in seen[:8]] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert max(pause for pause, _ in seen) == LONGEST_PAUSE_SECONDS
    told = [telling for _, telling in seen]
    assert (told[0], told[-1]) == (Telling.TRACEBACK, Telling.SENTENCE)
    assert set(told[1:-1]) == {Telling.NOTHING}


def test_another_failure_is_told_and_a_sentence_needs_no_traceback():
    restarts = Restarts()
    assert restarts.failed(OSError("a"), 0)[1] is Telling.TRACEBACK
    assert restarts.failed(OSError("b"), 0)[1] is Telling.TRACEBACK
    assert restarts.failed(TaskFailedError("c"), 0)[1] is Telling.SENTENCE


def test_after_running_steadily_a_failure_is_the_first_one():
    restarts = Restarts()
    for _ in range(5):
        restarts.failed(OSError("a"), 1)
    assert restarts.failed(OSError("a"), STEADY_SECONDS) == (1, Telling.TRACEBACK)


@pytest.mark.parametrize("kind", [OSError, TaskFailedError])
def test_a_task_that_failed_is_counted_told_and_started_again(kind, monkeypatch, caplog):
    counted, pauses, again = [], [], asyncio.Event()
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    async def fail() -> None:
        if len(counted) == 3:
            again.set()
            await sleep(60)
        raise kind("no room")

    async def main() -> None:
        async with Supervisor(counted.append) as supervisor:
            supervisor.start("control", fail)
            await again.wait()

    monkeypatch.setattr(asyncio, "sleep", at_once)
    asyncio.run(main())
    assert counted == ["control"] * 3
    assert pauses == [1, 2, 4]
    (record,) = caplog.records
    assert record.getMessage().endswith("next try in 1 s: no room")
    assert bool(record.exc_info) is (kind is OSError)
