"""Short notices above everything, one at a time, that leave by themselves."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections import deque

import pygame

from iot_facerecognition_edge.ui.colours import Rgb
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_protocol.records import dataclass

_WAITING = 5
_SECONDS, _SECONDS_A_CHARACTER = 2.5, 0.05
"""How long a notice stays: reading takes about a second for twenty characters."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said, the icon before it and its colour."""

    text: str
    icon: Icon
    colour: Rgb


class Toasts(Layer):
    """Shows notices at the bottom; a tap sends the present one away."""

    modal = False
    interactive = True

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._waiting: deque[Notice] = deque(maxlen=_WAITING)
        self._shown: Notice | None = None
        self._until: float | None = None
        self.visible = False

    @property
    def shown(self) -> Notice | None:
        """The notice on the screen."""
        return self._shown

    def notify(self, notice: Notice) -> None:
        """Show `notice` when those before it are gone; of many the oldest are left out."""
        if notice != self._shown and notice not in self._waiting:
            self._waiting.append(notice)

    def advance(self, now: float) -> float | None:
        if self._shown is not None and (self._until is None or now >= self._until):
            self.visible = False
            self._shown = None
        if self._shown is None and self._waiting:
            self._shown = self._waiting.popleft()
            self._until = now + _SECONDS + _SECONDS_A_CHARACTER * len(self._shown.text)
            self.place(self._card())
            self.visible = True
        return self._until if self._shown is not None else None

    def release(self, x: int, y: int) -> None:  # noqa: ARG002 - anywhere within is the same
        self._until = None

    def _card(self) -> pygame.Rect:
        metrics = self.look.metrics
        width = min(self.look.size[0] - 2 * metrics.gap, metrics.px(420))
        lines, style = self._lines(width)
        height = len(lines) * self.look.type.height(style) + 2 * metrics.gap
        card = pygame.Rect(0, 0, width, max(height, metrics.target))
        card.midbottom = (self.look.size[0] // 2, self.look.size[1] - metrics.gap)
        return card

    def _lines(self, width: int) -> tuple[list[str], Style]:
        """Return the whole text in lines, and the style in which they fit on the screen."""
        text = "" if self._shown is None else self._shown.text
        metrics = self.look.metrics
        room = width - 4 * metrics.gap - metrics.px(20)
        return self.look.type.wrap_within(text, (room, self.look.size[1] - 4 * metrics.gap))

    def draw(self, canvas: pygame.Surface) -> None:
        if self._shown is None:
            return
        look, colours, metrics = self.look, self.look.colours, self.look.metrics
        shape = (metrics.radius, max(2, metrics.line))
        look.shapes.framed(canvas, self.rect, (colours.raised, self._shown.colour), shape)
        side = metrics.px(20)
        mark = pygame.Rect(self.rect.x + round(1.5 * metrics.gap), 0, side, side)
        mark.centery = self.rect.centery
        look.icons.draw(canvas, self._shown.icon, mark, self._shown.colour)
        lines, style = self._lines(self.rect.width)
        step = look.type.height(style)
        top = self.rect.centery - step * len(lines) // 2
        left = mark.right + metrics.gap
        for number, line in enumerate(lines):
            width = self.rect.right - metrics.gap - left
            place = pygame.Rect(left, top + number * step, width, step)
            look.text(canvas, line, place, (colours.text, colours.raised), style=style)
