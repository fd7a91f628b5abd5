"""Background tasks that are restarted when they fail, and say so."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

_log = logging.getLogger(__name__)

RESTART_SECONDS: Final = 1.0
"""Pause before a task that failed for the first time is started again."""
LONGEST_PAUSE_SECONDS: Final = 60.0
"""Up to which the pause doubles at each further failure."""
LOGGED_AGAIN_AFTER: Final = 60
"""Failures of one kind after which it is logged again: an hour, at the longest pause."""
STEADY_SECONDS: Final = 120.0
"""How long a task has to run before its next failure counts as the first one."""


class TaskFailedError(Exception):
    """A failure of a background task that a sentence explains, without a traceback."""


class LogDetail(StrEnum):
    """How much of a failure is logged."""

    TRACEBACK = "traceback"
    SENTENCE = "sentence"
    NOTHING = "nothing"
    """It is the same again."""


class Restarts:
    """When a task that fails again and again is started again, and how much of it is logged."""

    def __init__(self) -> None:
        self._failures = 0
        self._same = 0
        self._reported = ""

    def failed(self, error: Exception, ran: float) -> tuple[float, LogDetail]:
        """Take a failure after `ran` seconds; return the pause in seconds, and what to log.

        The same failure is logged once, and again after `LOGGED_AGAIN_AFTER` more.
        """
        if ran >= STEADY_SECONDS:
            self._failures, self._reported = 0, ""
        pause = min(RESTART_SECONDS * 2.0**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures = min(self._failures + 1, 16)
        sentence = f"{type(error).__name__}: {error}"
        if sentence == self._reported:
            self._same += 1
            return (
                pause,
                LogDetail.NOTHING if self._same % LOGGED_AGAIN_AFTER else LogDetail.SENTENCE,
            )
        self._reported, self._same = sentence, 0
        known = isinstance(error, TaskFailedError)
        return pause, LogDetail.SENTENCE if known else LogDetail.TRACEBACK


class Supervisor:
    """Keeps background tasks running; a context manager that ends them."""

    def __init__(self, counted: Callable[[str], None] = lambda _: None) -> None:
        """Call `counted` with the task's name at each failure."""
        self._counted = counted
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run()` until the end, again after each failure, with pauses that grow."""
        self._tasks[name] = asyncio.create_task(self._keep(name, run), name=name)

    async def stop(self, name: str) -> None:
        """End what runs as `name`, before the others."""
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        clock, restarts = asyncio.get_running_loop().time, Restarts()
        while True:
            began = clock()
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - whatever it was, it is said and counted
                self._counted(name)
                pause, detail = restarts.failed(error, clock() - began)
                if detail is not LogDetail.NOTHING:
                    _log.error(
                        "the background task %s failed, next try in %.0f s: %s",
                        name,
                        pause,
                        str(error) or type(error).__name__,
                        exc_info=detail is LogDetail.TRACEBACK,
                    )
            else:
                pause = RESTART_SECONDS
            await asyncio.sleep(pause)
