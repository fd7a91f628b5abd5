"""The known answer, asked of every worker now and then while the server serves."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from prometheus_client import Counter

from iot_facerecognition_server.observability.readiness import Readiness
from iot_facerecognition_server.observability.self_test import (
    ExaminedEngine,
    SelfTest,
    SelfTestError,
)

_log = logging.getLogger(__name__)

SHARE: Final = 0.005
"""Part of one processor that the examination takes at most."""
SHORTEST_PAUSE: Final = 1.0
"""Seconds between two questions, however cheap the answers are."""
PATIENCE: Final = 30.0
"""Seconds within which an answer has to come: three times what the largest picture takes."""


class Examination:
    """Asks one worker after the other, and lets readiness depend on all their last answers.

    A worker that was wrong gets new tools before its next frame.
    """

    def __init__(
        self,
        engine: ExaminedEngine,
        self_test: SelfTest,
        readiness: Readiness,
        condition: str,
        answers: Counter,
        *,
        patience: float = PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Meet or fail `condition`, which the test at the start has met; count `answers`."""
        self._engine = engine
        self._self_test = self_test
        self._readiness = readiness
        self._condition = condition
        self._answers = answers
        self._patience = patience
        self._sleep = sleep
        self._problems: dict[int, str] = {}

    async def run(self) -> NoReturn:
        """Ask until cancelled, at most `SHARE` of one processor's time."""
        for worker in itertools.cycle(range(self._engine.workers)):
            cost = await self.ask(worker)
            await self._sleep(max(SHORTEST_PAUSE, cost / SHARE))
        raise AssertionError("there is no engine without workers")

    async def ask(self, worker: int) -> float:
        """Ask `worker`; return the processor seconds that it took, as far as they are known."""
        cost = 0.0
        try:
            async with asyncio.timeout(self._patience):
                cost = await self._self_test.examine(self._engine, worker)
        except TimeoutError:
            self._judge(worker, "late", f"no answer within {self._patience:g} s")
        except SelfTestError as error:
            self._engine.renew(worker)
            self._judge(worker, "wrong", str(error))
        else:
            self._judge(worker, "right", None)
        return cost

    def _judge(self, worker: int, outcome: str, problem: str | None) -> None:
        self._answers.labels(outcome).inc()
        before = self._problems.pop(worker, None)
        if problem is not None:
            self._problems[worker] = problem
            if problem != before:
                _log.error("worker %d failed the self-test: %s", worker, problem)
        elif before is not None:
            _log.info("worker %d passes the self-test again", worker)
        if self._problems:
            first = min(self._problems)
            self._readiness.fail(self._condition, f"worker {first}: {self._problems[first]}")
        else:
            self._readiness.meet(self._condition)
