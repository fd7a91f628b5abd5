"""A canvas on a panel that is mounted turned: rectangles and points from one to the other."""

from enum import IntEnum

import pygame


class Rotation(IntEnum):
    """By how many degrees, clockwise, the canvas is turned to stand on the panel."""

    NONE = 0
    RIGHT = 90
    HALF = 180
    LEFT = 270

    @property
    def swaps(self) -> bool:
        """Whether width and height change places."""
        return self in (Rotation.RIGHT, Rotation.LEFT)

    def canvas_size(self, panel: tuple[int, int]) -> tuple[int, int]:
        """Return the size of the canvas that fills a panel of this size."""
        return (panel[1], panel[0]) if self.swaps else panel

    def on_panel(self, rect: pygame.Rect, canvas: tuple[int, int]) -> pygame.Rect:
        """Return where a rectangle of the canvas lies on the panel."""
        width, height = canvas
        if self is Rotation.RIGHT:
            return pygame.Rect(height - rect.bottom, rect.x, rect.height, rect.width)
        if self is Rotation.HALF:
            return pygame.Rect(width - rect.right, height - rect.bottom, rect.width, rect.height)
        if self is Rotation.LEFT:
            return pygame.Rect(rect.y, width - rect.right, rect.height, rect.width)
        return pygame.Rect(rect)

    def on_canvas(self, u: float, v: float) -> tuple[float, float]:
        """Return the place on the canvas of a touch on the panel; all are fractions from 0 to 1."""
        if self is Rotation.RIGHT:
            return v, 1.0 - u
        if self is Rotation.HALF:
            return 1.0 - u, 1.0 - v
        if self is Rotation.LEFT:
            return 1.0 - v, u
        return u, v

    def from_canvas(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the panel of a place on the canvas: the way back of `on_canvas`."""
        if self is Rotation.RIGHT:
            return 1.0 - y, x
        if self is Rotation.HALF:
            return 1.0 - x, 1.0 - y
        if self is Rotation.LEFT:
            return y, 1.0 - x
        return x, y
