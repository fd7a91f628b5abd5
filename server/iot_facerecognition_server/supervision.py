"""Background tasks that are restarted when they fail, and say so."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

_log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
"""Pause before a failed task is started again."""


class Supervisor:
    """Keeps background tasks running; a context manager that ends them."""

    def __init__(self, counted: Callable[[str], None] = lambda _: None) -> None:
        """Call `counted` with the task's name at each failure."""
        self._counted = counted
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run()` for ever, again after each failure."""
        self._tasks.add(asyncio.create_task(self._keep(name, run), name=name))

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await run()
            except Exception:  # noqa: BLE001 - whatever it was, it is said and counted
                self._counted(name)
                _log.exception("the background task %s failed and is started again", name)
            await asyncio.sleep(RESTART_SECONDS)
