"""Letting a thread run a given number of times a second."""

import math
import threading
import time
from collections.abc import Callable


class Pacer:
    """Counts periods of `1/fps` seconds like a camera: who comes late misses some."""

    def __init__(self, fps: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Count from 0. Raises ValueError unless `fps` is a positive number."""
        if not 0 < fps < math.inf:
            raise ValueError(f"frames a second are a positive number, not {fps}")
        self._fps = fps
        self._clock = clock
        self._stopped = threading.Event()
        self._began = 0.0
        self._next = 0

    def start(self) -> None:
        """Begin, or go on with the period after the last one."""
        self._stopped.clear()
        self._began = self._clock() - self._next / self._fps

    def stop(self) -> None:
        """End the wait, from any thread."""
        self._stopped.set()

    def tick(self) -> int | None:
        """Wait for the next period and return its number; None when stopped."""
        now = self._clock()
        index = max(self._next, math.floor((now - self._began) * self._fps))
        if self._stopped.wait(max(0.0, self._began + index / self._fps - now)):
            return None
        self._next = index + 1
        return index
