"""A sensor that exposes a moving test picture whenever it has a buffer to write to."""

import queue
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

BRIGHT = 200
DARK = 40


def exposure(size: tuple[int, int], stride: int, number: int, transform: Any) -> bytes:
    """Return picture `number` as YUV420: the left half bright, with a dark square in its corner."""
    width, height = size
    luma = np.full((height, stride), DARK, np.uint8)
    luma[:, : width // 2] = BRIGHT
    luma[: height // 8, : width // 8] = DARK
    luma[-1, :width] = number % 256
    picture = luma[:, :width]
    if transform.hflip:
        picture[:] = picture[:, ::-1].copy()
    if transform.vflip:
        picture[:] = picture[::-1].copy()
    chroma = np.full(stride * height // 2, 128, np.uint8)
    return luma.tobytes() + chroma.tobytes()


class Sensor:
    """Exposes once per `duration` seconds; a picture without a free buffer is never taken."""

    def __init__(
        self,
        duration: float,
        completed: Callable[[Any], None],
        expose: Callable[[Any, int], None],
    ) -> None:
        self._duration = duration
        self._completed = completed
        self._expose = expose
        self._free: queue.Queue[Any] = queue.Queue()
        self._ending = threading.Event()
        self.starved = 0
        self.error: BaseException | None = None

    def start(self, buffers: list[Any]) -> None:
        for buffer in buffers:
            self._free.put(buffer)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def queue(self, buffers: Any) -> None:
        self._free.put(buffers)

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._ending.wait(self._duration):
            number += 1
            try:
                buffers = self._free.get_nowait()
            except queue.Empty:
                self.starved += 1
                continue
            try:
                self._expose(buffers, number)
            except BaseException as error:
                self.error = error
                raise
            self._completed(buffers)
