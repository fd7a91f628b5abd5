"""Whether this machine's clock can be trusted yet: a Zero W has none that survives power-off."""

import asyncio
from collections.abc import Callable
from pathlib import Path

LONGEST_WAIT = 30.0
"""Seconds to wait for the time; then the connection is tried with the clock as it is."""
_POLL = 0.5
_SYNCHRONISED = "run/systemd/timesync/synchronized"
"""systemd-timesyncd makes this file as soon as a server has told it the time."""


class Timekeeper:
    """Looks under `root`, which is / except in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def is_set(self) -> bool:
        """Return whether the clock was set since boot, by a clock chip or over the network."""
        chips = any(self._root.glob("sys/class/rtc/rtc*"))
        return chips or (self._root / _SYNCHRONISED).exists()

    async def wait(
        self, seconds: float = LONGEST_WAIT, clock: Callable[[], float] | None = None
    ) -> bool:
        """Wait until the clock is set, `seconds` at most; return whether it is."""
        now = clock or asyncio.get_running_loop().time
        end = now() + seconds
        while not self.is_set():
            if now() >= end:
                return False
            await asyncio.sleep(_POLL)
        return True
