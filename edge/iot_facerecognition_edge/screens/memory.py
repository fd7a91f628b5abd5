"""A screen in memory: for tests and screenshots, and the drawing half of a framebuffer."""

# ruff: noqa: D102 - the methods are those of `Screen`, told there

from collections.abc import Sequence

import pygame

from iot_facerecognition_edge.screens.headless import prepare_drawing
from iot_facerecognition_edge.screens.interface import Calibratable, ScreenEvent


class MemoryScreen:
    """Keeps what is drawn, and hands on the events that were pushed.

    `presented` collects every rectangle that was shown, so that a test can ask what was redrawn.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        prepare_drawing()
        self.canvas = pygame.Surface(size, 0, 32)
        self.presented: list[pygame.Rect] = []
        self._events: list[ScreenEvent] = []
        self.closed = False
        self.touchable = True
        self.touch: Calibratable | None = None
        """What a test puts there."""

    @property
    def size(self) -> tuple[int, int]:
        return self.canvas.get_size()

    def push(self, *events: ScreenEvent) -> None:
        """Let the next `events` return these."""
        self._events.extend(events)

    def present(self, rects: Sequence[pygame.Rect]) -> None:
        self.presented.extend(pygame.Rect(rect) for rect in rects)

    def events(self) -> list[ScreenEvent]:
        events, self._events = self._events, []
        return events

    def descriptors(self) -> Sequence[int]:
        return ()

    def open_plane(self, area: pygame.Rect) -> bool:  # noqa: ARG002 - the interface's
        return False

    def close_plane(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        self.closed = True
