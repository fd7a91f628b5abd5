"""The picture of benchmarks/scaling.py: costs over sizes, both axes logarithmic.

Drawn with Pillow, which the demo needs anyway, so that no plotting library has to be installed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 520
HEIGHT: Final = 420
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 48, 56
COLOURS: Final = ("#1f5fa8", "#c8501e", "#6b7280")
INK: Final = "#1c1f24"
GRID: Final = "#dde1e6"
STEPS: Final = (
    (1,),
    (1, 2, 5),
    (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    tuple(tenths / 10 for tenths in range(10, 100)),
)
"""Where marks may be in a decade, the coarsest first."""
FEWEST_MARKS: Final = 3
_LARGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: named lines of positive costs over positive sizes."""

    across: str
    up: str
    sizes: Sequence[float]
    lines: Mapping[str, Sequence[float]]


class Axis:
    """Values to pixels, logarithmically; `marks` are the round values to read them by."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        """Let all of `values`, which are positive, be between the pixels `begin` and `end`."""
        self._low, high = math.log10(min(values)) - 0.08, math.log10(max(values)) + 0.08
        self._begin, self._scale = begin, (end - begin) / (high - self._low)
        decades = range(math.floor(self._low), math.ceil(high) + 1)
        for steps in STEPS:
            marks = [step * 10.0**decade for decade in decades for step in steps]
            self.marks = [mark for mark in marks if self._low <= math.log10(mark) <= high]
            if len(self.marks) >= FEWEST_MARKS:
                break

    def __call__(self, value: float) -> float:
        """Return where `value` is, in pixels."""
        return self._begin + (math.log10(value) - self._low) * self._scale


def draw(panels: Sequence[Panel], caption: str, path: Path) -> None:
    """Draw the panels side by side into a PNG."""
    picture = Image.new("RGB", (WIDTH * len(panels), HEIGHT + 28), "white")
    pen = ImageDraw.Draw(picture)
    for number, panel in enumerate(panels):
        _draw_panel(pen, panel, number * WIDTH)
    pen.text((16, HEIGHT + 4), caption, INK, _font(13))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)


def _draw_panel(pen: ImageDraw.ImageDraw, panel: Panel, left: int) -> None:
    begin, end = left + LEFT, left + WIDTH - RIGHT
    low, high = HEIGHT - BOTTOM, TOP
    across = Axis(panel.sizes, begin, end)
    up = Axis([cost for costs in panel.lines.values() for cost in costs], low, high)
    for mark in up.marks:
        pen.line((begin, up(mark), end, up(mark)), GRID)
        pen.text((begin - 8, up(mark)), _number(mark), INK, _font(13), anchor="rm")
    for size in panel.sizes:
        pen.line((across(size), low, across(size), high), GRID)
        pen.text((across(size), low + 8), _number(size), INK, _font(13), anchor="ma")
    pen.rectangle((begin, high, end, low), outline=INK)
    pen.text(((begin + end) / 2, low + 30), panel.across, INK, _font(15), anchor="ma")
    pen.text((begin, high - 24), panel.up, INK, _font(15))
    for place, (colour, (name, costs)) in enumerate(
        zip(COLOURS, panel.lines.items(), strict=False)
    ):
        points = [(across(x), up(y)) for x, y in zip(panel.sizes, costs, strict=True)]
        pen.line(points, colour, 3, joint="curve")
        for x, y in points:
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), colour)
        pen.text((begin + 12, high + 8 + 18 * place), name, colour, _font(14))


def _number(value: float) -> str:
    return f"{value / 1000:g}k" if value >= _LARGE else f"{value:g}"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
