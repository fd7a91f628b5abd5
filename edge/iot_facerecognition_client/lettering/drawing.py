"""Draws one line of text in any mixture of scripts, by Pillow.

Pillow's layout by Raqm joins and places letters (docs/decisions/lettering.md). Where Pillow comes
without it, letters stand side by side, and right-to-left text is only put in the right order.
"""

from functools import cached_property
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

from iot_facerecognition_client.lettering.fonts import Fonts
from iot_facerecognition_client.lettering.runs import Run, clusters, runs
from iot_facerecognition_client.lettering.scripts import Script

Rgb = tuple[int, int, int]

ELLIPSIS: Final = "…"
_EMOJI_SIZE: Final = 109
"""The only size that Noto Color Emoji's bitmaps have."""
_KEPT_FONTS: Final = 16


class Lettering:
    """Measures and draws single lines. Sizes are in pixels of an em, widths in pixels."""

    def __init__(self, fonts: Fonts | None = None) -> None:
        """Draw with `fonts`, by default those that are installed."""
        self.fonts = fonts or Fonts()
        self._opened: dict[tuple[Script, int, bool], ImageFont.FreeTypeFont] = {}

    @cached_property
    def shapes(self) -> bool:
        """Whether letters are joined and placed as their script asks for."""
        return bool(features.check_feature("raqm"))

    def width(self, text: str, size: int, *, bold: bool = False) -> int:
        """Return the width of `text` in one line."""
        return round(sum(self._length(run, size, bold=bold) for run in runs(text)))

    def height(self, size: int, *, bold: bool = False) -> int:
        """Return the height of a line, whatever stands in it."""
        return sum(self._font(Script.DEFAULT, size, bold=bold).getmetrics())

    def fit(self, text: str, size: int, width: float) -> str:
        """Return `text`, cut between two characters with an ellipsis where it is too wide."""
        if self.width(text, size) <= width:
            return text
        whole = clusters(text)
        low, high = 0, len(whole)
        while low < high:
            middle = (low + high + 1) // 2
            cut = "".join(whole[:middle]).rstrip() + ELLIPSIS
            if self.width(cut, size) <= width:
                low = middle
            else:
                high = middle - 1
        return "".join(whole[:low]).rstrip() + ELLIPSIS

    def draw(self, text: str, size: int, colour: Rgb, *, bold: bool = False) -> Image.Image:
        """Return `text` as an RGBA picture on nothing, as high as a line."""
        parts = runs(text)
        lengths = [self._length(run, size, bold=bold) for run in parts]
        canvas = Image.new(
            "RGBA", (max(1, round(sum(lengths))), self.height(size, bold=bold)), (*colour, 0)
        )
        baseline = self._font(Script.DEFAULT, size, bold=bold).getmetrics()[0]
        left = 0.0
        for run, length in zip(parts, lengths, strict=True):
            if run.script is Script.EMOJI and self._has(run.script):
                self._paste_emoji(canvas, run, size, (left, baseline))
            else:
                font = self._font(run.script, size, bold=bold)
                text, direction = _laid_out(run, font)
                ImageDraw.Draw(canvas).text(
                    (left, baseline), text, (*colour, 255), font, anchor="ls", direction=direction
                )
            left += length
        return canvas

    def _paste_emoji(self, canvas: Image.Image, run: Run, size: int, at: tuple[float, int]) -> None:
        """Draw a run of emoji in their only size, make it smaller, and put it on the line."""
        font = self._font(run.script, size)
        ascent, descent = font.getmetrics()
        large = Image.new("RGBA", (max(1, round(font.getlength(run.text))), ascent + descent))
        ImageDraw.Draw(large).text(
            (0, ascent), run.text, font=font, anchor="ls", embedded_color=True
        )
        scale = size / _EMOJI_SIZE
        small = large.resize(
            (max(1, round(large.width * scale)), max(1, round(large.height * scale))),
            Image.Resampling.LANCZOS,
        )
        top = max(0, min(at[1] - round(ascent * scale), canvas.height - small.height))
        canvas.alpha_composite(small, (round(at[0]), top))

    def _length(self, run: Run, size: int, *, bold: bool) -> float:
        font = self._font(run.script, size, bold=bold)
        text, direction = _laid_out(run, font)
        length = font.getlength(text, direction=direction)
        if run.script is Script.EMOJI and self._has(run.script):
            return length * size / _EMOJI_SIZE
        return length

    def _has(self, script: Script) -> bool:
        return self.fonts.file(script) is not None

    def _font(self, script: Script, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        key = (script, size, bold)
        if key not in self._opened:
            while len(self._opened) >= _KEPT_FONTS:
                del self._opened[next(iter(self._opened))]
            self._opened[key] = self._open(script, size, bold=bold)
        return self._opened[key]

    def _open(self, script: Script, size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
        path = self.fonts.file(script, bold=bold)
        if path is None and script is not Script.DEFAULT:
            return self._font(Script.DEFAULT, size, bold=bold)
        if path is None:
            return _own_font(size)
        return ImageFont.truetype(path, _EMOJI_SIZE if script is Script.EMOJI else size)


def _laid_out(run: Run, font: ImageFont.FreeTypeFont) -> tuple[str, str | None]:
    """Return a run's text and its direction as `font` wants them.

    Without Raqm there is no direction, and the text has to be in the order of the screen.
    """
    if font.layout_engine == ImageFont.Layout.RAQM:
        return run.text, "rtl" if run.right_to_left else "ltr"
    return "".join(reversed(clusters(run.text))) if run.right_to_left else run.text, None


def _own_font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that Pillow carries, which has the Latin letters."""
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont), "Pillow without FreeType draws no text"
    return found
