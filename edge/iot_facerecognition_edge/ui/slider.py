"""A number chosen with a finger, coarsely by sliding and exactly by its two buttons."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.ui.colours import Rgb, mix
from iot_facerecognition_edge.ui.controls import Button
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_protocol.records import dataclass

_STEPS_WITHOUT_ONE = 100


@dataclass(frozen=True, slots=True)
class Span:
    """The values of a slider: from `low` to `high` in steps of `step`."""

    low: float
    high: float
    step: float

    @classmethod
    def between(cls, low: float, high: float, step: float | None, *, whole: bool) -> "Span":
        """Return a span; without a `step`, whole numbers go by 1 and others by a hundredth."""
        if step is None:
            step = 1.0 if whole else (high - low) / _STEPS_WITHOUT_ONE
        return cls(low, high, step)

    def snap(self, value: float) -> float:
        """Return the nearest value that there is."""
        steps = round((value - self.low) / self.step)
        return min(self.high, max(self.low, self.low + steps * self.step))

    def fraction(self, value: float) -> float:
        """Return how far from `low` to `high` a value is, 0 to 1."""
        width = self.high - self.low
        return min(1.0, max(0.0, (value - self.low) / width)) if width else 0.0

    def at(self, fraction: float) -> float:
        """Return the value at a fraction of the way."""
        return self.snap(self.low + min(1.0, max(0.0, fraction)) * (self.high - self.low))


class Slider(Widget):
    """[-] ———●——— [+]. `on_move` follows the finger, `on_change` comes when it is lifted."""

    def __init__(
        self,
        look: Look,
        span: Span,
        on_change: Callable[[float], None],
        on_move: Callable[[float], None],
        behind: Rgb,
    ) -> None:
        super().__init__(look)
        self._span = span
        self._on_change = on_change
        self._value = span.low
        self._less = self.add(Button(look, lambda: self._nudge(-1), icon=Icon.MINUS))
        self._track = self.add(_Track(look, span, on_change, on_move, behind))
        self._more = self.add(Button(look, lambda: self._nudge(1), icon=Icon.PLUS))

    def show(self, value: float, *, enabled: bool = True) -> None:
        """Show this value."""
        self._track.show(value, enabled=enabled)
        self._less.enabled = enabled and value > self._span.low
        self._more.enabled = enabled and value < self._span.high
        self._value = value

    def _nudge(self, steps: int) -> None:
        wanted = self._span.snap(self._value + steps * self._span.step)
        if wanted != self._value:
            self._on_change(wanted)

    def arrange(self) -> None:
        target, gap = self.look.metrics.target, self.look.metrics.gap
        rect = self.rect
        self._less.place(pygame.Rect(rect.x, rect.y, target, rect.height))
        self._more.place(pygame.Rect(rect.right - target, rect.y, target, rect.height))
        self._track.place(rect.inflate(-2 * (target + gap), 0))


class _Track(Widget):
    """The part of a slider that slides."""

    interactive = True

    def __init__(
        self,
        look: Look,
        span: Span,
        on_change: Callable[[float], None],
        on_move: Callable[[float], None],
        behind: Rgb,
    ) -> None:
        super().__init__(look)
        self._span = span
        self._on_change = on_change
        self._on_move = on_move
        self._behind = behind
        self._value = span.low
        self._held: float | None = None
        self._moved = False
        self._enabled = True

    def show(self, value: float, *, enabled: bool) -> None:
        if (value, enabled) != (self._value, self._enabled):
            self._value, self._enabled = value, enabled
            self.changed()

    def claims(self, dx: int, dy: int) -> bool:
        return self._enabled and abs(dx) > abs(dy)

    def press(self, x: int, y: int) -> None:  # noqa: ARG002 - only the way along counts
        if self._enabled:
            self._held, self._moved = self._value, False
            self.changed()

    def drag(self, x: int, y: int) -> None:  # noqa: ARG002 - same
        if self._held is None:
            return
        value = self._at(x)
        if value != self._held:
            self._held, self._moved = value, True
            self.changed()
            self._on_move(value)

    def release(self, x: int, y: int) -> None:
        if self._held is None:
            return
        if not self._moved:
            self.drag(x, y)
        held, self._held = self._held, None
        self.changed()
        if held != self._value:
            self._on_change(held)

    def cancel(self) -> None:
        if self._held is not None:
            self._held = None
            self._on_move(self._value)
            self.changed()

    def _at(self, x: int) -> float:
        room = self._room()
        return self._span.at((x - room.x) / max(1, room.width))

    def _room(self) -> pygame.Rect:
        return self.rect.inflate(-2 * self._radius(), 0)

    def _radius(self) -> int:
        return self.look.metrics.px(11)

    def draw(self, canvas: pygame.Surface) -> None:
        colours, metrics = self.look.colours, self.look.metrics
        room = self._room()
        value = self._value if self._held is None else self._held
        x = room.x + round(room.width * self._span.fraction(value))
        height = metrics.px(6)
        whole = pygame.Rect(room.x, room.centery - height // 2, room.width, height)
        accent = colours.accent if self._enabled else mix(colours.outline, self._behind, 0.4)
        knob = colours.accent_mark if self._enabled else colours.outline
        self.look.shapes.box(canvas, whole, colours.outline, height // 2)
        done = pygame.Rect(whole.x, whole.y, max(height, x - whole.x), height)
        self.look.shapes.box(canvas, done, accent, height // 2)
        radius = self._radius() if self._held is not None else metrics.px(9)
        self.look.shapes.disc(canvas, (x, room.centery), radius, knob)
