"""A thread that goes on with its work when that has failed."""

import logging
import threading
from collections.abc import Callable
from typing import Final

_log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
"""Seconds between two failures without any work done in between, at first and at most."""


class KeptThread:
    """Calls `work` until it returns; what it raises, of any kind, is counted and it begins again.

    A failure right after another one is followed by a pause that doubles, so that work which cannot
    be begun does not take the processor from the others.
    """

    def __init__(
        self, name: str, work: Callable[[], None], replaced: Callable[[str], None]
    ) -> None:
        """Call `replaced` with the thread's name at each failure; `start` begins."""
        self.name = name
        self._work = work
        self._replaced = replaced
        self._failures = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def progressed(self) -> None:
        """Record, on the thread itself, that a piece of work is done."""
        self._failures = 0

    def is_alive(self) -> bool:
        """Tell whether there is still somebody who works."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait for the end of the work, which the caller has told to end; a failure ends it too."""
        self._closing.set()
        self._thread.join()

    def _keep(self) -> None:
        while True:
            try:
                self._work()
            except BaseException:  # noqa: BLE001 - whatever it is, somebody has to go on
                _log.exception("the thread %s failed and is replaced", self.name)
                self._replaced(self.name)
            else:
                return
            if self._closing.wait(self._pause()):
                return

    def _pause(self) -> float:
        self._failures += 1
        if self._failures == 1:
            return 0.0
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 2, 10))
