"""A screen that nobody touches goes dark; the touch that wakes it does nothing else."""

from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.screens.backlight import Backlight
from iot_facerecognition_edge.screens.interface import Closed, ScreenEvent
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.stage import Layer, Stage


class DarkPlate(Layer):
    """Black over everything, for screens whose light cannot be turned down."""

    opaque = True

    def draw(self, canvas: pygame.Surface) -> None:
        """Draw it."""
        canvas.fill((0, 0, 0), self.rect)


class Dimming:
    """Knows when the screen was last touched, and turns it dark and light again.

    Where there is a `backlight` that obeys, that is turned down, and what is shown stays; else a
    black plate lies over it. Times are monotonic seconds.
    """

    def __init__(
        self,
        stage: Stage,
        look: Look,
        backlight: Backlight | None,
        warned: Callable[[str], object],
    ) -> None:
        self._stage = stage
        self._plate = DarkPlate(look)
        self._backlight = backlight
        self._warned = warned
        self._touched: float | None = None
        self.dark = False
        """Whether the screen is dark."""

    def idle(self, now: float) -> float:
        """Return the seconds since the last touch, or since the first call."""
        if self._touched is None:
            self._touched = now
        return now - self._touched

    def handle(self, events: Sequence[ScreenEvent], now: float) -> list[ScreenEvent]:
        """Take note of touches, wake at one, and return the events that are for the views."""
        passed: list[ScreenEvent] = []
        for event in events:
            if isinstance(event, Closed):
                passed.append(event)
                continue
            self._touched = now
            if self.dark:
                # Without its beginning the rest of the touch belongs to no widget.
                self.wake()
            else:
                passed.append(event)
        return passed

    def sleep(self) -> None:
        """Make the screen dark."""
        self.dark = True
        if self._backlight is not None:
            try:
                self._backlight.dim()
            except OSError as error:
                self._warned(
                    f"display: the backlight cannot be turned down ({error.strerror}): let the "
                    f"group video write {error.filename}; until then the picture is made black"
                )
                self._backlight = None
            else:
                return
        self._stage.push(self._plate)

    def wake(self) -> None:
        """Make the screen light again; harmless when it is."""
        if not self.dark:
            return
        self.dark = False
        self._stage.remove(self._plate)
        if self._backlight is not None:
            try:
                self._backlight.restore()
            except OSError as error:
                self._warned(
                    f"display: the backlight cannot be turned up ({error.strerror}): write a "
                    f"larger number to {error.filename}"
                )
