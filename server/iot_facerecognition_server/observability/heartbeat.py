"""Whether the event loop makes progress, and how late it is."""

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn

PERIOD_SECONDS: Final = 0.1


class Heartbeat:
    """A task that does nothing but come back in time; what it is late by, everyone is."""

    def __init__(self, clock: Callable[[], float], observe: Callable[[float], None]) -> None:
        """`clock` is monotonic; `observe` takes the lag in seconds."""
        self._clock = clock
        self._observe = observe
        self._last = clock()

    @property
    def age(self) -> float:
        """Seconds since the last beat; from any thread."""
        return self._clock() - self._last

    async def run(self) -> NoReturn:
        """Beat until cancelled."""
        while True:
            planned = self._clock() + PERIOD_SECONDS
            await asyncio.sleep(PERIOD_SECONDS)
            self._last = self._clock()
            self._observe(max(0.0, self._last - planned))
