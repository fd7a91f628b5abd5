"""Text: fonts by role, measured, shortened, broken into lines, and kept as drawn.

A drawn text is kept in the canvas's own pixel format on its solid background, so that drawing it
again is a copy: blending it would cost some ninety times as much on these boards (pibooth #688).

What DejaVu Sans does not have (people's names in any script) is drawn by the client's `lettering`,
which is loaded with the first text that needs it.
"""

# ruff: noqa: PLC0415 - Pillow costs a small board a third of a second: only who needs it waits

import logging
from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from iot_facerecognition_client.lettering.fonts import Fonts
from iot_facerecognition_client.lettering.runs import clusters
from iot_facerecognition_client.lettering.scripts import scripts_of
from iot_facerecognition_edge.ui.colours import Rgb
from iot_facerecognition_edge.ui.metrics import Metrics

if TYPE_CHECKING:
    from iot_facerecognition_client.lettering.drawing import Lettering

_log = logging.getLogger(__name__)

DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
"""Where Debian's fonts-dejavu-core puts its files."""
_KEPT_PIXELS = 600_000
"""Bound of the drawn texts kept: 1.2 MB at 16 bits a pixel, some screens full of text."""
_KEPT_FITS = 500
ELLIPSIS = "…"


class Style(Enum):
    """The role of a text."""

    BODY = auto()
    BOLD = auto()
    SMALL = auto()
    TITLE = auto()


class Typeface:
    """The fonts of one canvas."""

    def __init__(
        self, canvas: pygame.Surface, metrics: Metrics, folder: Path | None = DEJAVU
    ) -> None:
        """Take DejaVu Sans from `folder`, or pygame's own font where it is not there."""
        self._canvas = canvas
        self._regular, self._bold = (
            _file(folder, name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
        )
        self._styles = {
            Style.BODY: (metrics.body, False),
            Style.BOLD: (metrics.body, True),
            Style.SMALL: (metrics.small, False),
            Style.TITLE: (metrics.title, True),
        }
        self._fonts: dict[tuple[bool, int], pygame.font.Font] = {}
        self._sizes: dict[int, tuple[bool, int]] = {}
        self._scripts = ScriptText()
        self._drawn: OrderedDict[tuple[str, int, int, Rgb, Rgb], pygame.Surface] = OrderedDict()
        self._pixels = 0
        self._fitted: dict[tuple[str, int, int], str] = {}

    def font(self, style: Style) -> pygame.font.Font:
        """Return the font of a role."""
        size, bold = self._styles[style]
        return self.sized(size, bold=bold)

    def sized(self, size: int, *, bold: bool = False) -> pygame.font.Font:
        """Return a font that is `size` pixels high."""
        key = (bold, size)
        if key not in self._fonts:
            font = pygame.font.Font(self._bold if bold else self._regular, size)
            self._fonts[key] = font
            self._sizes[id(font)] = key
        return self._fonts[key]

    def height(self, style: Style) -> int:
        """Return the height of a line."""
        return self.font(style).get_linesize()

    def width(self, text: str, style: Style) -> int:
        """Return the width of `text` in one line."""
        return self.size(text, self.font(style))[0]

    def size(self, text: str, font: pygame.font.Font) -> tuple[int, int]:
        """Return width and height of `text` in one line; `font` is one of this typeface's."""
        if not text.isascii() and (lettering := self._scripts.lettering(text)) is not None:
            bold, size = self._sizes[id(font)]
            return lettering.width(text, size, bold=bold), font.get_height()
        return font.size(printable(text))

    def draw(self, text: str, font: pygame.font.Font, colour: Rgb, behind: Rgb) -> pygame.Surface:
        """Return `text` in one line on the solid colour `behind`."""
        key = (text, id(font), font.get_height(), colour, behind)
        found = self._drawn.get(key)
        if found is not None:
            self._drawn.move_to_end(key)
            return found
        drawn = self._render(text, font, colour, behind).convert(self._canvas)
        drawn.set_alpha(None)
        self._drawn[key] = drawn
        self._pixels += drawn.get_width() * drawn.get_height()
        while self._pixels > _KEPT_PIXELS and len(self._drawn) > 1:
            _, old = self._drawn.popitem(last=False)
            self._pixels -= old.get_width() * old.get_height()
        return drawn

    def _render(
        self, text: str, font: pygame.font.Font, colour: Rgb, behind: Rgb
    ) -> pygame.Surface:
        lettering = None if text.isascii() else self._scripts.lettering(text)
        if lettering is None:
            return font.render(printable(text), True, colour, behind)
        bold, size = self._sizes[id(font)]
        picture = lettering.draw(text, size, colour, bold=bold)
        drawn = pygame.Surface((picture.width, font.get_height()))
        drawn.fill(behind)
        letters = pygame.image.frombuffer(picture.tobytes(), picture.size, "RGBA")
        drawn.blit(letters, (0, (drawn.get_height() - picture.height) // 2))
        return drawn

    def fit(self, text: str, font: pygame.font.Font, width: int) -> str:
        """Return `text`, cut with an ellipsis where it is wider than `width`."""
        key = (text, id(font), width)
        found = self._fitted.get(key)
        if found is None:
            if len(self._fitted) >= _KEPT_FITS:
                self._fitted.clear()
            found = self._fitted[key] = self._cut(text, font, width)
        return found

    def _cut(self, text: str, font: pygame.font.Font, width: int) -> str:
        if self.size(text, font)[0] <= width:
            return text
        letters: Sequence[str] = text if text.isascii() else clusters(text)
        low, high = 0, len(letters)
        while low < high:
            middle = (low + high + 1) // 2
            if self.size(_cut_short(letters[:middle]), font)[0] <= width:
                low = middle
            else:
                high = middle - 1
        return _cut_short(letters[:low])

    def wrap(self, text: str, font: pygame.font.Font, width: int) -> list[str]:
        """Return `text` in lines no wider than `width`; a longer word is broken."""
        lines: list[str] = []
        for paragraph in text.splitlines() or [""]:
            line = ""
            for word in paragraph.split(" "):
                longer = f"{line} {word}" if line else word
                if self.size(longer, font)[0] <= width:
                    line = longer
                    continue
                if line:
                    lines.append(line)
                line = word
                while self.size(line, font)[0] > width and len(line) > 1:
                    cut = self._fitting(line, font, width)
                    lines.append(line[:cut])
                    line = line[cut:]
            lines.append(line)
        return lines

    def _fitting(self, word: str, font: pygame.font.Font, width: int) -> int:
        """Return how many characters of `word`, at least one, are no wider than `width`."""
        count = 0
        for letter in clusters(word):
            if count and self.size(word[: count + len(letter)], font)[0] > width:
                break
            count += len(letter)
        return count

    def wrap_within(self, text: str, room: tuple[int, int]) -> tuple[list[str], Style]:
        """Return `text` in lines for a room of (width, height), and the style that fits in there.

        That is the body's, or the small one where the lines would be too many; where even those
        are, the last that fits ends with an ellipsis.
        """
        width, height = room
        for style in (Style.BODY, Style.SMALL):
            lines = self.wrap(text, self.font(style), width)
            most = max(1, height // self.height(style))
            if len(lines) <= most:
                return lines, style
        last = self.fit(lines[most - 1] + ELLIPSIS, self.font(style), width)
        return [*lines[: most - 1], last], style


class ScriptText:
    """What draws the scripts that DejaVu Sans lacks, where Pillow is installed."""

    def __init__(self) -> None:
        self._lettering: Lettering | None = None
        self._fonts = Fonts()
        self._reported: set[str] = set()

    def lettering(self, text: str) -> "Lettering | None":
        """Return what draws `text`; None where the typeface's own font has to do."""
        if not scripts_of(text):
            return None
        self._report(self._fonts.missing(text))
        if self._lettering is None:
            try:
                from iot_facerecognition_client.lettering.drawing import Lettering
            except ImportError:
                self._report({"python3-pil"})
                return None
            self._lettering = Lettering(self._fonts)
        return self._lettering

    def _report(self, packages: set[str]) -> None:
        """Log once what is missing."""
        for package in packages - self._reported:
            _log.warning("some names cannot be drawn: apt-get install %s", package)
        self._reported |= packages


def printable(text: str) -> str:
    """Return `text` as SDL can draw it: no NUL, nothing beyond the first plane of Unicode."""
    return "".join("\N{REPLACEMENT CHARACTER}" if c == "\0" or c > "\uffff" else c for c in text)


def _cut_short(letters: Sequence[str]) -> str:
    return "".join(letters).rstrip() + ELLIPSIS


def _file(folder: Path | None, name: str) -> str | None:
    """Return the path of a font file, None for pygame's own."""
    path = folder / name if folder else None
    return str(path) if path and path.is_file() else None
