"""The camera's picture on a plane of the screen: the display controller scales and mixes it.

The cheapest preview there is, for HDMI and DSI screens: no decoding, no copy. It needs a screen
that nobody else (no desktop) is using.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_CHANNELS = 4


class Picamera2Plane:
    """picamera2's DRM preview and the overlay above it.

    Its calls wait for the display's next refresh, so they are made on a thread of their own; of
    several overlays that wait only the newest is shown. picamera2 fits the picture into the
    rectangle by letter-boxing, and scales the overlay to just the picture.
    """

    def __init__(self, camera: Any, kinds: Any) -> None:
        """Use the running `camera` (a Picamera2) and picamera2's `Preview` enumeration."""
        self._camera = camera
        self._kinds = kinds
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="plane")
        self._lock = threading.Lock()
        self._waiting: tuple[bytes | None, int, int] | None = None
        self._shown = False

    def show(self, x: int, y: int, width: int, height: int) -> None:
        """Put the picture there, in pixels of the screen."""
        self._worker.submit(self._start, x, y, width, height).add_done_callback(_log_failure)

    def hide(self) -> None:
        """Take the picture off the screen; the camera keeps running."""
        self._worker.submit(self._end).add_done_callback(_log_failure)

    def overlay(self, rgba: bytes | None, width: int, height: int) -> None:
        """Show `rgba` above the picture, or nothing."""
        with self._lock:
            first, self._waiting = self._waiting is None, (rgba, width, height)
        if first:
            self._worker.submit(self._set_overlay).add_done_callback(_log_failure)

    def close(self) -> None:
        """Let what was asked for finish; the camera's own close takes the picture away."""
        self._worker.shutdown(wait=True)

    def _start(self, x: int, y: int, width: int, height: int) -> None:
        self._camera.stop_preview()
        self._camera.start_preview(self._kinds.DRM, x=x, y=y, width=width, height=height)
        self._shown = True

    def _end(self) -> None:
        if self._shown:
            self._shown = False
            self._camera.stop_preview()
            self._camera.start_preview(self._kinds.NULL)

    def _set_overlay(self) -> None:
        with self._lock:
            assert self._waiting is not None
            (rgba, width, height), self._waiting = self._waiting, None
        if not self._shown:
            return
        if rgba is None:
            self._camera.set_overlay(None)
            return
        import numpy as np  # noqa: PLC0415 - is loaded where picamera2 is

        image = np.frombuffer(rgba, np.uint8).reshape(height, width, _CHANNELS)
        self._camera.set_overlay(image)


def _log_failure(done: Any) -> None:
    """Let what went wrong on the plane's thread appear in the log."""
    error = done.exception()
    if error is not None:
        import logging  # noqa: PLC0415 - only then

        logging.getLogger(__name__).error("camera: the hardware preview failed: %s", error)
