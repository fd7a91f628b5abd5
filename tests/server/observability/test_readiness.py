"""When the server is ready, and when it lives."""

import asyncio

import pytest

from iot_facerecognition_server.observability.heartbeat import Heartbeat
from iot_facerecognition_server.observability.readiness import Liveness, Readiness, Watch


def test_ready_only_when_everything_is_met() -> None:
    readiness = Readiness("models", "port")
    readiness.meet("models")
    assert not readiness.verdict().good
    assert readiness.verdict().lines == ("models: ok", "port: not yet")
    readiness.meet("port")
    assert readiness.verdict().good
    readiness.fail("port", "the server is ending")
    assert readiness.verdict().lines[1] == "port: the server is ending"
    assert not readiness.verdict().good


def test_condition_that_nobody_declared_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no condition 'prot'"):
        Readiness("port").meet("prot")


def test_alive_until_something_stands_still_for_too_long() -> None:
    stalled = {"loop": 0.0, "workers": 0.0}
    liveness = Liveness(
        [Watch(name, lambda name=name: stalled[name], 10.0) for name in stalled]  # type: ignore[misc]
    )
    assert liveness.verdict().good
    stalled["workers"] = 11.0
    assert not liveness.verdict().good
    assert liveness.verdict().lines == ("loop: ok", "workers: no progress for 11 s")
    stalled["workers"] = float("inf")
    assert not liveness.verdict().good


def test_heartbeat_tells_how_late_the_loop_was() -> None:
    now = [0.0]
    lags: list[float] = []

    async def scenario() -> None:
        beaten = asyncio.Event()

        def observe(lag: float) -> None:
            lags.append(lag)
            beaten.set()

        heartbeat = Heartbeat(lambda: now[0], observe)
        now[0] = 5.0
        assert heartbeat.age == 5.0
        beating = asyncio.create_task(heartbeat.run())
        await asyncio.sleep(0)
        now[0] = 5.4  # what should take 0.1 s took 0.4
        await beaten.wait()
        assert heartbeat.age == 0.0
        beating.cancel()

    asyncio.run(scenario())
    assert lags[0] == pytest.approx(0.3)
