"""Pop-ups: a card above a darkened page, and the ones that every view may need."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.ui.colours import Rgb, mix, parse_colour
from iot_facerecognition_edge.ui.controls import (
    Button,
    ButtonKind,
    Label,
    Panel,
    Paragraph,
    Pressable,
)
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget

_SCRIM = (96, 96, 96)
"""What the colours beneath are multiplied by, of 255."""

SWATCHES = (
    "#8b0000", "#c62828", "#e65100", "#f9a825", "#2e7d32", "#00838f",
    "#1565c0", "#283593", "#6a1b9a", "#ad1457", "#5d4037", "#546e7a",
)  # fmt: skip
"""Accent colours to choose from; the first is the original's dark red."""


class Popup(Layer, ABC):
    """A card in the middle with a title; a tap outside it, or its cross, closes it."""

    interactive = True

    def __init__(self, look: Look, title: str, on_close: Callable[[], None]) -> None:
        super().__init__(look)
        self._on_close = on_close
        self.fill = look.colours.surface
        self.card = self.add(Panel(look, self.fill, look.metrics.radius, look.colours.outline))
        self._title = self.card.add(Label(look, title, self.fill, style=Style.TITLE, shrink=True))
        self._cross = self.card.add(
            Button(look, on_close, icon=Icon.CLOSE, kind=ButtonKind.QUIET, behind=self.fill)
        )

    @abstractmethod
    def body_height(self, width: int) -> int:
        """Return the height that the content wants when it is `width` wide."""

    @abstractmethod
    def arrange_body(self, area: pygame.Rect) -> None:
        """Place the content in `area`, which may be lower than was wanted."""

    def arrange(self) -> None:
        metrics = self.look.metrics
        width = min(self.rect.width - 2 * metrics.gap, metrics.px(400))
        inner = width - 4 * metrics.gap
        bar = metrics.target + metrics.gap
        height = bar + self.body_height(inner) + 2 * metrics.gap
        card = pygame.Rect(0, 0, width, min(height, self.rect.height - 2 * metrics.gap))
        card.center = self.rect.center
        self.card.place(card)
        cross = pygame.Rect(0, card.y + metrics.gap // 2, metrics.target, metrics.target)
        cross.right = card.right - metrics.gap // 2
        self._cross.place(cross)
        left = card.x + 2 * metrics.gap
        self._title.place(pygame.Rect(left, cross.y, cross.x - left, cross.height))
        top = card.y + bar
        self.arrange_body(pygame.Rect(left, top, inner, card.bottom - 2 * metrics.gap - top))

    def draw(self, canvas: pygame.Surface) -> None:
        canvas.fill(_SCRIM, canvas.get_clip(), pygame.BLEND_RGB_MULT)

    def release(self, x: int, y: int) -> None:
        if not self.card.rect.collidepoint(x, y):
            self._on_close()

    def key(self, key: Key) -> None:
        if key is Key.ESCAPE:
            self._on_close()


class Confirm(Popup):
    """A question, and the button that says yes."""

    def __init__(
        self,
        look: Look,
        title: str,
        question: str,
        answer: tuple[str, Callable[[], None]],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(look, title, on_close)
        word, on_yes = answer
        self._question = self.card.add(Paragraph(look, question, self.fill))
        self._no = self.card.add(Button(look, on_close, "Cancel", behind=self.fill))

        def agree() -> None:
            on_close()
            on_yes()

        self._yes = self.card.add(
            Button(look, agree, word, kind=ButtonKind.DANGER, behind=self.fill)
        )

    def body_height(self, width: int) -> int:
        return self._question.height(width) + 2 * self.look.metrics.gap + self.look.metrics.target

    def arrange_body(self, area: pygame.Rect) -> None:
        metrics = self.look.metrics
        buttons = pygame.Rect(area.x, area.bottom - metrics.target, area.width, metrics.target)
        half = (area.width - metrics.gap) // 2
        self._no.place(pygame.Rect(buttons.x, buttons.y, half, buttons.height))
        self._yes.place(pygame.Rect(buttons.right - half, buttons.y, half, buttons.height))
        height = buttons.y - metrics.gap - area.y
        self._question.place(pygame.Rect(area.x, area.y, area.width, height))


class Choose(Popup):
    """One of several words."""

    def __init__(
        self,
        look: Look,
        title: str,
        choices: Sequence[tuple[str, str]],
        chosen: str,
        *,
        on_choice: Callable[[str], None],
        on_close: Callable[[], None],
    ) -> None:
        """`choices` are pairs of a value and the words for it."""
        super().__init__(look, title, on_close)
        self._pane = self.card.add(ScrollPane(look, self.fill, self._lay_out))

        def pick(value: str) -> Callable[[], None]:
            def act() -> None:
                on_close()
                on_choice(value)

            return act

        self._chosen: Widget | None = None
        for value, words in choices:
            row = self._pane.add(_Option(look, words, value == chosen, pick(value), self.fill))
            if value == chosen:
                self._chosen = row

    def _lay_out(self, area: pygame.Rect) -> int:
        target = self.look.metrics.target
        for number, row in enumerate(self._pane.children):
            row.place(pygame.Rect(area.x, area.y + number * target, area.width, target))
        return len(self._pane.children) * target

    def body_height(self, width: int) -> int:  # noqa: ARG002 - rows are single lines
        return len(self._pane.children) * self.look.metrics.target

    def arrange_body(self, area: pygame.Rect) -> None:
        self._pane.place(area)
        if self._chosen is not None:
            self._pane.reveal(self._chosen)


class _Option(Pressable):
    """A row of `Choose`."""

    def __init__(
        self, look: Look, text: str, chosen: bool, on_press: Callable[[], None], behind: Rgb
    ) -> None:
        super().__init__(look, on_press)
        self.text = text
        self._chosen = chosen
        self._behind = behind

    def draw(self, canvas: pygame.Surface) -> None:
        colours, metrics = self.look.colours, self.look.metrics
        fill = self._behind
        if self._chosen or self.pressed:
            fill = mix(self._behind, colours.text, 0.2 if self.pressed else 0.1)
            self.look.shapes.box(canvas, self.rect, fill, metrics.radius)
        room = self.rect.inflate(-2 * metrics.gap, 0)
        if self._chosen:
            side = metrics.px(20)
            mark = pygame.Rect(room.right - side, 0, side, side)
            mark.centery = room.centery
            self.look.icons.draw(canvas, Icon.CHECK, mark, colours.accent_mark)
            room.width -= side + metrics.gap
        self.look.text(canvas, self.text, room, (colours.text, fill))


class ChooseColour(Popup):
    """One of the swatches, or any colour written as #rrggbb."""

    _COLUMNS = 6

    def __init__(
        self,
        look: Look,
        title: str,
        chosen: str,
        *,
        on_choice: Callable[[str], None],
        on_other: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(look, title, on_close)

        def pick(value: str) -> Callable[[], None]:
            def act() -> None:
                on_close()
                on_choice(value)

            return act

        def other() -> None:
            on_close()
            on_other()

        self._swatches = [
            self.card.add(_Swatch(look, value, value == chosen, pick(value))) for value in SWATCHES
        ]
        self._other = self.card.add(Button(look, other, f"Another colour ({chosen})"))

    def _rows(self) -> int:
        return -(-len(SWATCHES) // self._COLUMNS)

    def body_height(self, width: int) -> int:  # noqa: ARG002 - a fixed grid
        metrics = self.look.metrics
        return (self._rows() + 1) * (metrics.target + metrics.gap)

    def arrange_body(self, area: pygame.Rect) -> None:
        metrics = self.look.metrics
        width = area.width / self._COLUMNS
        for number, swatch in enumerate(self._swatches):
            row, column = divmod(number, self._COLUMNS)
            place = pygame.Rect(0, 0, metrics.target, metrics.target)
            place.centerx = area.x + round(width * (column + 0.5))
            place.y = area.y + row * (metrics.target + metrics.gap)
            swatch.place(place)
        height = metrics.target
        self._other.place(pygame.Rect(area.x, area.bottom - height, area.width, height))


class _Swatch(Pressable):
    """A colour to choose."""

    def __init__(self, look: Look, value: str, chosen: bool, on_press: Callable[[], None]) -> None:
        super().__init__(look, on_press)
        self.value = value
        self._colour = parse_colour(value)
        self._chosen = chosen

    def draw(self, canvas: pygame.Surface) -> None:
        metrics = self.look.metrics
        place = self.rect.inflate(-metrics.px(6), -metrics.px(6))
        self.look.shapes.box(canvas, place, self._colour, place.height // 2)
        if self._chosen:
            front = self.look.colours.on(self._colour)
            side = round(place.height * 0.55)
            mark = pygame.Rect(0, 0, side, side)
            mark.center = place.center
            self.look.icons.draw(canvas, Icon.CHECK, mark, front)
