"""An event loop whose clock jumps to the next timer when nothing is left to do: hours in no time.

Sockets are real: whatever lies in the kernel's buffers is read before the clock moves. Threads are
unknown to it, so that what runs here must not wait for one by the clock.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

_GRACE = 0.004
"""Real seconds in which the kernel may still deliver between two sockets of this process."""
_TURN = 0.0005
"""The same without sockets: in which another thread, which runs already, may wake the loop."""


class _Selector(selectors.DefaultSelector):
    """Waits for no timer: tells how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        sockets = len(self.get_map()) > 1  # the first one is the loop's own, by which it is woken
        ready = super().select(min(timeout, _GRACE if sockets else _TURN))
        if not ready:
            self.skipped += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time; it begins at the time zero."""

    def __init__(self) -> None:
        self._timeless = _Selector()
        super().__init__(self._timeless)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._timeless.skipped


def in_virtual_time(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` in a loop of its own whose clock jumps."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work())
