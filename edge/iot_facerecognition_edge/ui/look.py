"""Everything that widgets draw with, for one canvas: colours, sizes, text, shapes and icons."""

import pygame

from iot_facerecognition_edge.ui.colours import Colours, Rgb, make_colours
from iot_facerecognition_edge.ui.icons import Icons
from iot_facerecognition_edge.ui.metrics import make_metrics
from iot_facerecognition_edge.ui.shapes import Shapes
from iot_facerecognition_edge.ui.typeface import Style, Typeface

_SMALLER = {Style.TITLE: Style.BOLD, Style.BOLD: Style.BODY, Style.BODY: Style.SMALL}


class Look:
    """How the views of one canvas look. Its colours can change, its size cannot."""

    def __init__(self, canvas: pygame.Surface, accent: Rgb, *, dark: bool) -> None:
        self.size = canvas.get_size()
        self.metrics = make_metrics(self.size)
        self.type = Typeface(canvas, self.metrics)
        self.shapes = Shapes()
        self.icons = Icons()
        self.colours: Colours = make_colours(accent, dark=dark)

    def recolour(self, accent: Rgb, *, dark: bool) -> None:
        """Change the colours; everything must be redrawn."""
        self.colours = make_colours(accent, dark=dark)

    @property
    def wide(self) -> bool:
        """Whether the screen is wider than high."""
        return self.size[0] >= self.size[1]

    def text(
        self,
        canvas: pygame.Surface,
        text: str,
        area: pygame.Rect,
        colours: tuple[Rgb, Rgb],
        *,
        style: Style = Style.BODY,
        align: float = 0.0,
        shrink: bool = False,
    ) -> int:
        """Draw `text` in one line in the middle of `area`'s height; return its width.

        `colours` are the text's and the one behind it. `align` is 0 for the left, 0.5 for the
        middle, 1 for the right. What does not fit is drawn in a smaller style if it may `shrink`,
        and what does not fit then is cut with an ellipsis.
        """
        if shrink:
            while style in _SMALLER and self.type.width(text, style) > area.width:
                style = _SMALLER[style]
        font = self.type.font(style)
        drawn = self.type.draw(self.type.fit(text, font, area.width), font, *colours)
        width = min(drawn.get_width(), area.width)
        x = area.x + round((area.width - width) * align)
        y = area.y + (area.height - drawn.get_height()) // 2
        canvas.blit(drawn, (x, y), (0, 0, width, drawn.get_height()))
        return width
