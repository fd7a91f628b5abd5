"""Asks whether a certificate is the server's: in words and digits, next to the one before."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Popup`, told there

from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.ui.colours import Rgb
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Paragraph
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Popup
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words


class FingerprintBlock(Widget):
    """A fingerprint in four words and sixteen groups of digits, under a heading."""

    def __init__(self, look: Look, heading: str, digits: str, behind: Rgb) -> None:
        super().__init__(look)
        self.heading = heading
        self.words = fingerprint_words(digits)
        self._groups = fingerprint_groups(digits)
        self._behind = behind

    def lines(self, width: int) -> list[tuple[str, Style]]:
        """Return the lines in this width, each with its style."""
        lines = [*self._rows(self.words, Style.TITLE, width)]
        lines += self._rows(self._groups, Style.SMALL, width)
        return [(self.heading, Style.BOLD), *lines] if self.heading else lines

    def _rows(self, parts: Sequence[str], style: Style, width: int) -> list[tuple[str, Style]]:
        """Return `parts` in rows of four, two or one, whatever fits."""
        for count in (4, 2, 1):
            rows = [" ".join(parts[at : at + count]) for at in range(0, len(parts), count)]
            if max(self.look.type.width(row, style) for row in rows) <= width:
                break
        return [(row, style) for row in rows]

    def height(self, width: int) -> int:
        """Return the height that it needs in this width."""
        return sum(self.look.type.height(style) for _, style in self.lines(width))

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours = self.look, self.look.colours
        top = self.rect.y
        for text, style in self.lines(self.rect.width):
            high = look.type.height(style)
            line = pygame.Rect(self.rect.x, top, self.rect.width, high)
            ink = (colours.dim if style is Style.SMALL else colours.text, self._behind)
            look.text(canvas, text, line, ink, style=style, shrink=True)
            top += high


class CertificatePopup(Popup):
    """Shows the certificate that a server presents, before a token goes there, and asks.

    `before` is the fingerprint that was trusted so far, empty for none.
    """

    def __init__(
        self,
        look: Look,
        server: str,
        shown: str,
        before: str,
        *,
        on_yes: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        title = "Another certificate" if before else "Is it this one?"
        super().__init__(look, title, on_close)
        self._pane = self.card.add(ScrollPane(look, self.fill, self._lay_out))
        colour = look.colours.error if before else look.colours.text
        question = _CHANGED if before else _NEW
        self.question = self._pane.add(
            Paragraph(
                look, question.format(server=server), self.fill, colour=colour, style=Style.SMALL
            )
        )
        headings = ("Now", "Before") if before else ("",)
        self.blocks = [
            self._pane.add(FingerprintBlock(look, heading, digits, self.fill))
            for heading, digits in zip(headings, (shown, before), strict=False)
        ]

        def agree() -> None:
            on_close()
            on_yes()

        self.no = self.card.add(Button(look, on_close, "No", behind=self.fill))
        kind = ButtonKind.DANGER if before else ButtonKind.PRIMARY
        word = "Trust it" if before else "Yes, it is"
        self.yes = self.card.add(Button(look, agree, word, kind=kind, behind=self.fill))

    def _block_width(self, width: int) -> int:
        gap = 2 * self.look.metrics.gap
        return (width - gap * (len(self.blocks) - 1)) // len(self.blocks)

    def _content_height(self, width: int) -> int:
        wide = self._block_width(width)
        blocks = max(block.height(wide) for block in self.blocks)
        return self.question.height(width) + self.look.metrics.gap + blocks

    def body_height(self, width: int) -> int:
        metrics = self.look.metrics
        return self._content_height(width) + 2 * metrics.gap + metrics.target

    def _lay_out(self, area: pygame.Rect) -> int:
        gap = self.look.metrics.gap
        high = self.question.height(area.width)
        self.question.place(pygame.Rect(area.x, area.y, area.width, high))
        wide = self._block_width(area.width)
        for number, block in enumerate(self.blocks):
            left = area.x + number * (wide + 2 * gap)
            block.place(pygame.Rect(left, area.y + high + gap, wide, block.height(wide)))
        return self._content_height(area.width)

    def arrange_body(self, area: pygame.Rect) -> None:
        metrics = self.look.metrics
        top = area.bottom - metrics.target
        self._pane.place(pygame.Rect(area.x, area.y, area.width, top - metrics.gap - area.y))
        half = (area.width - metrics.gap) // 2
        self.no.place(pygame.Rect(area.x, top, half, metrics.target))
        self.yes.place(pygame.Rect(area.right - half, top, half, metrics.target))


_NEW = (
    "{server} shows this certificate. Are these the words that the server prints at its start, and"
    " with cert show? The token is sent only then."
)
_CHANGED = (
    "{server} shows another certificate. If nobody renewed it, an impostor answers. See cert show."
)
