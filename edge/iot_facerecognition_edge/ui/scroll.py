"""An area that shows part of something longer, and is moved by a finger."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.ui.colours import Rgb
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.widget import Widget

_FRICTION = 4.0
"""A fling loses this many e-folds of speed a second."""
_SLOWEST = 20.0
"""Pixels a second at which a fling ends."""


class Fling:
    """How content keeps moving after the finger left. Plain; distances in pixels, times in s."""

    def __init__(self) -> None:
        self._velocity = 0.0
        self._last: float | None = None
        self._place = 0
        self._moved_at = 0.0

    def hold(self, place: int, now: float) -> None:
        """Note that the finger came down."""
        self._velocity, self._place, self._moved_at, self._last = 0.0, place, now, None

    def follow(self, place: int, now: float) -> int:
        """Return how far the finger moved."""
        moved = place - self._place
        elapsed = max(now - self._moved_at, 0.001)
        self._velocity = 0.6 * self._velocity + 0.4 * moved / elapsed
        self._place, self._moved_at = place, now
        return moved

    def let_go(self, now: float) -> None:
        """Note that the finger was lifted; one that rested before throws nothing."""
        if now - self._moved_at > 0.1:  # noqa: PLR2004 - seconds of rest
            self._velocity = 0.0
        self._last = now

    def step(self, now: float) -> int | None:
        """Return how far to move by `now`, None when it has come to rest."""
        if self._last is None or abs(self._velocity) < _SLOWEST:
            return None
        elapsed, self._last = now - self._last, now
        moved = round(self._velocity * elapsed)
        self._velocity *= max(0.0, 1.0 - _FRICTION * elapsed)
        return moved


class ScrollPane(Widget):
    """Shows a column (or, `sideways`, a row) of widgets through a window.

    `lay_out(area)` is given by the owner: it places the children as if everything were seen, with
    their beginning at the area's, and returns the length that they take.
    """

    interactive = True

    def __init__(
        self,
        look: Look,
        fill: Rgb,
        lay_out: Callable[[pygame.Rect], int],
        *,
        sideways: bool = False,
    ) -> None:
        super().__init__(look)
        self._fill = fill
        self._lay_out = lay_out
        self._sideways = sideways
        self._offset = 0
        self._length = 0
        self._fling = Fling()

    @property
    def offset(self) -> int:
        """How much of the content is before the window, in pixels."""
        return self._offset

    def arrange(self) -> None:
        self._length = self._lay_out(pygame.Rect(self.rect))
        wanted, self._offset = self._offset, 0
        self.scroll_to(wanted)

    def scroll_to(self, offset: int) -> None:
        """Show the content from `offset` on, as far as there is any."""
        most = max(0, self._length - self._window())
        offset = max(0, min(offset, most))
        if offset != self._offset:
            moved = self._offset - offset
            for child in self.children:
                child.shift(*((moved, 0) if self._sideways else (0, moved)))
            self._offset = offset
            self.changed()

    def reveal(self, child: Widget) -> None:
        """Scroll as little as possible so that `child` is seen whole."""
        low, high, start, end = (
            (child.rect.left, child.rect.right, self.rect.left, self.rect.right)
            if self._sideways
            else (child.rect.top, child.rect.bottom, self.rect.top, self.rect.bottom)
        )
        if low < start:
            self.scroll_to(self._offset - (start - low))
        elif high > end:
            self.scroll_to(self._offset + (high - end))

    def _window(self) -> int:
        return self.rect.width if self._sideways else self.rect.height

    # Drawing: children are seen through the window only.

    def damage_within(self, rect: pygame.Rect) -> None:
        self._damage(rect.clip(self.rect))

    def paint(self, canvas: pygame.Surface, clip: pygame.Rect) -> None:
        if not self.visible:
            return
        clip = clip.clip(self.rect)
        if not clip.width or not clip.height:
            return
        canvas.set_clip(clip)
        canvas.fill(self._fill, clip)
        for child in self.children:
            child.paint(canvas, clip)
        canvas.set_clip(clip)
        self._draw_bar(canvas)

    def _draw_bar(self, canvas: pygame.Surface) -> None:
        if self._sideways or self._length <= self._window():
            return
        width = max(3, self.look.metrics.px(3))
        height = max(self.look.metrics.px(24), self.rect.height**2 // self._length)
        room = self.rect.height - height
        top = self.rect.y + room * self._offset // (self._length - self._window())
        bar = pygame.Rect(self.rect.right - width - 1, top, width, height)
        self.look.shapes.box(canvas, bar, self.look.colours.outline, width // 2)

    def target(self, x: int, y: int) -> Widget | None:
        return super().target(x, y) if self.rect.collidepoint(x, y) else None

    # Moving.

    def claims(self, dx: int, dy: int) -> bool:
        along, across = (dx, dy) if self._sideways else (dy, dx)
        return abs(along) >= abs(across) and self._length > self._window()

    def press(self, x: int, y: int) -> None:
        self._fling.hold(x if self._sideways else y, self._time())

    def drag(self, x: int, y: int) -> None:
        moved = self._fling.follow(x if self._sideways else y, self._time())
        self.scroll_to(self._offset - moved)

    def release(self, x: int, y: int) -> None:  # noqa: ARG002 - `drag` followed the finger
        self._fling.let_go(self._time())
        if self.host is not None:
            self.host.animate(self._step)

    def _step(self, now: float) -> bool:
        moved = self._fling.step(now)
        if moved is None:
            return False
        self.scroll_to(self._offset - moved)
        return True

    def _time(self) -> float:
        return self.host.now if self.host is not None else 0.0

    def wheel(self, steps: int) -> bool:
        if self._length <= self._window():
            return False
        self.scroll_to(self._offset - steps * self.look.metrics.target)
        return True
