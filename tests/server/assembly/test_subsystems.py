"""Parts start one after the other, run while they are there, and end in reverse."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
from prometheus_client import CollectorRegistry, Counter

from iot_facerecognition_server.assembly.subsystems import Subsystem, Subsystems


class Bench:
    """Subsystems, and what their parts have done."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        failures = Counter("failures", "Of runs.", ("task",), registry=self.registry)
        self.subsystems = Subsystems(failures)
        self.done: list[str] = []

    def failures(self, task: str) -> float | None:
        return self.registry.get_sample_value("failures_total", {"task": task})

    def step(
        self, what: str, error: Exception | None = None
    ) -> Callable[[], Coroutine[None, None, None]]:
        async def step() -> None:
            self.done.append(what)
            if error is not None:
                raise error

        return step

    def part(self, name: str) -> Subsystem:
        async def run() -> None:
            self.done.append(f"run {name}")
            try:
                await asyncio.Event().wait()
            finally:
                self.done.append(f"stop {name}")

        return Subsystem(name, self.step(f"start {name}"), run, self.step(f"close {name}"))


def test_parts_run_once_they_have_started_and_end_in_reverse() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with bench.subsystems as subsystems:
            for name in ("engine", "port"):
                await subsystems.start(bench.part(name))
                await asyncio.sleep(0)
            assert bench.done == ["start engine", "run engine", "start port", "run port"]
            bench.done.clear()
        assert bench.done == ["stop port", "close port", "stop engine", "close engine"]

    asyncio.run(scenario())


def test_what_has_started_ends_when_a_later_part_cannot_start() -> None:
    async def scenario() -> None:
        bench = Bench()
        with pytest.raises(OSError, match="in use"):
            async with bench.subsystems as subsystems:
                await subsystems.start(bench.part("engine"))
                await asyncio.sleep(0)
                failing = bench.step("start port", OSError("in use"))
                await subsystems.start(Subsystem("port", failing, close=bench.step("close port")))
        assert bench.done[-3:] == ["start port", "stop engine", "close engine"]

    asyncio.run(scenario())


def test_a_part_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    async def scenario() -> None:
        bench = Bench()
        with pytest.raises(ZeroDivisionError):
            async with bench.subsystems as subsystems:
                await subsystems.start(bench.part("engine"))
                closing = bench.step("close port", ZeroDivisionError())
                await subsystems.start(Subsystem("port", close=closing))
        assert bench.done[-2:] == ["close port", "close engine"]

    asyncio.run(scenario())


def test_failures_are_counted_from_nought() -> None:
    async def scenario() -> None:
        bench = Bench()
        failed = asyncio.Event()

        async def fail() -> None:
            failed.set()
            raise ZeroDivisionError

        async with bench.subsystems as subsystems:
            await subsystems.start(Subsystem("silent", close=bench.step("close")))
            await subsystems.start(bench.part("steady"))
            await subsystems.start(Subsystem("failing", run=fail))
            assert [bench.failures(name) for name in ("silent", "steady", "feed")] == [None, 0, 0]
            await failed.wait()
            await asyncio.sleep(0)
        assert bench.failures("failing") == 1

    asyncio.run(scenario())
