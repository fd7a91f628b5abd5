"""What is wrong with the file on the card, where its owner looks first."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.ui.controls import Paragraph
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Popup
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.typeface import Style

_CURE = "Mend the file on the card in a computer, put it back and switch the device on again."


class CardMistakes(Popup):
    """All mistakes, one paragraph each, and what to do; it stays until it is closed."""

    def __init__(self, look: Look, problems: Sequence[str], on_close: Callable[[], None]) -> None:
        count = len(problems)
        super().__init__(look, f"{count} mistake{'s' * (count > 1)} on the card", on_close)
        self._pane = self.card.add(ScrollPane(look, self.fill, self._lay_out))
        self.paragraphs = [
            *(self._pane.add(Paragraph(look, f"{text}.", self.fill)) for text in problems),
            self._pane.add(
                Paragraph(look, _CURE, self.fill, colour=look.colours.dim, style=Style.SMALL)
            ),
        ]

    def _lay_out(self, area: pygame.Rect) -> int:
        y = area.y
        for paragraph in self.paragraphs:
            height = paragraph.height(area.width)
            paragraph.place(pygame.Rect(area.x, y, area.width, height))
            y += height + self.look.metrics.gap
        return y - area.y

    def body_height(self, width: int) -> int:
        gap = self.look.metrics.gap
        return sum(paragraph.height(width) + gap for paragraph in self.paragraphs)

    def arrange_body(self, area: pygame.Rect) -> None:
        self._pane.place(area)
