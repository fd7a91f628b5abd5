"""A chart on a card: two kinds, lines over time and the slices of a pie."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.statistics import ChartId, Line, LineChart, PieChart, Slice
from iot_facerecognition_edge.ui import plot
from iot_facerecognition_edge.ui.colours import Rgb, mix
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.shapes import blank
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget

_FINE = 3
_INTERVALS = 4

Source = Callable[[ChartId, bool], LineChart | PieChart]
"""Gives the chart; True asks for the whole history."""


class ChartCard(Widget):
    """One chart. While a finger is held on it, lines show their whole history."""

    interactive = True

    def __init__(self, look: Look, chart: ChartId, source: Source, *, smooth: bool) -> None:
        """`smooth` draws lines and pies without steps, at some cost."""
        super().__init__(look)
        self.chart = chart
        self._source = source
        self._smooth = smooth
        self._whole = False
        self.shown: LineChart | PieChart = source(chart, False)
        self.area = pygame.Rect(0, 0, 0, 0)
        """Where the lines were last drawn."""

    @property
    def whole(self) -> bool:
        """Whether the whole history is shown."""
        return self._whole

    def refresh(self) -> None:
        """Take the newest values; draw only when they are others."""
        chart = self._source(self.chart, self._whole)
        if chart != self.shown:
            self.shown = chart
            self.changed()

    def press(self, x: int, y: int) -> None:  # noqa: ARG002 - anywhere within is the same
        self._hold(True)

    def release(self, x: int, y: int) -> None:  # noqa: ARG002 - anywhere within is the same
        self._hold(False)

    def cancel(self) -> None:
        self._hold(False)

    def _hold(self, whole: bool) -> None:
        if whole != self._whole:
            self._whole = whole
            self.refresh()
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        colours, metrics = self.look.colours, self.look.metrics
        self.look.shapes.box(canvas, self.rect, colours.surface, metrics.radius)
        inner = self.rect.inflate(-2 * metrics.gap, -2 * metrics.gap)
        title = pygame.Rect(inner.x, inner.y, inner.width, self.look.type.height(Style.BOLD))
        front = (colours.text, colours.surface)
        width = self.look.text(canvas, self.shown.title, title, front, style=Style.BOLD)
        body = pygame.Rect(inner.x, title.bottom + metrics.gap // 2, inner.width, 0)
        body.height = inner.bottom - body.top
        if isinstance(self.shown, PieChart):
            _Pie(self.look, self._smooth).draw(canvas, self.shown, body)
            return
        note = pygame.Rect(title)
        note.x, note.width = title.x + width + metrics.gap, title.width - width - metrics.gap
        if self._whole and note.width > metrics.target:
            dim = (colours.accent_mark, colours.surface)
            self.look.text(canvas, "whole history", note, dim, style=Style.SMALL, align=1.0)
        self.area = _Lines(self.look, self._smooth).draw(canvas, self.shown, body)


class _Lines:
    """Draws a line chart."""

    def __init__(self, look: Look, smooth: bool) -> None:
        self._look = look
        self._smooth = smooth

    def draw(self, canvas: pygame.Surface, chart: LineChart, body: pygame.Rect) -> pygame.Rect:
        """Draw `chart` in `body`; return where the lines are."""
        used = self._legend(canvas, chart.lines, body)
        rest = pygame.Rect(body.x, body.y + used, body.width, body.height - used)
        labels = rest.height // (2 * self._look.type.height(Style.SMALL))
        intervals = max(2, min(_INTERVALS, labels))
        axes = {side: _axis(chart.lines, side, intervals) for side in ("left", "right")}
        area = self._grid(canvas, chart, rest, axes)
        clip = canvas.get_clip()
        canvas.set_clip(clip.clip(area.inflate(4, 4)))
        place = plot.PlotArea(area.x, area.y, area.width - 1, area.height - 1)
        for line, colour in zip(chart.lines, self._colours(chart.lines), strict=True):
            axis = axes[line.axis]
            if axis is not None:
                pixels = plot.polyline(line.points, chart.span, axis, place)
                self._stroke(canvas, plot.thinned(pixels, area.width), colour, line.average)
        canvas.set_clip(clip)
        return area

    def _colours(self, lines: Sequence[Line]) -> list[Rgb]:
        """Return one colour a line; an average has its line's, paler."""
        series = self._look.colours.series
        chosen: list[Rgb] = []
        index = -1
        for line in lines:
            if not line.average:
                index += 1
            colour = series[index % len(series)]
            paler = mix(colour, self._look.colours.surface, 0.4)
            chosen.append(paler if line.average else colour)
        return chosen

    def _legend(self, canvas: pygame.Surface, lines: Sequence[Line], body: pygame.Rect) -> int:
        """Write name, last value and average of each line; return the height that took."""
        look, metrics = self._look, self._look.metrics
        step = look.type.height(Style.SMALL)
        x, y = body.x, body.y
        for index, line in enumerate(lines):
            if line.average:
                continue
            words = line.name
            if line.points:
                words += f" {plot.quantity(line.points[-1][1], line.unit)}"
            after = lines[index + 1] if index + 1 < len(lines) else None
            if after is not None and after.average and after.points:
                words += f" · Ø {plot.quantity(after.points[-1][1], line.unit)}"
            dot = metrics.px(4)
            width = look.type.width(words, Style.SMALL) + 3 * dot + 2 * metrics.gap
            if x > body.x and x + width - 2 * metrics.gap > body.right:
                x, y = body.x, y + step
            look.shapes.disc(canvas, (x + dot, y + step // 2), dot, self._colours(lines)[index])
            place = pygame.Rect(x + 3 * dot, y, min(width, body.right - x - 3 * dot), step)
            look.text(
                canvas, words, place, (look.colours.dim, look.colours.surface), style=Style.SMALL
            )
            x += width
        return y + step - body.y + metrics.gap // 2

    def _grid(
        self,
        canvas: pygame.Surface,
        chart: LineChart,
        rest: pygame.Rect,
        axes: dict[str, plot.Axis | None],
    ) -> pygame.Rect:
        """Draw ticks and their labels; return the area that is left for the lines."""
        look, metrics = self._look, self._look.metrics
        height = look.type.height(Style.SMALL)
        widths = {side: self._label_width(axis) for side, axis in axes.items()}
        area = pygame.Rect(
            rest.x + widths["left"],
            rest.y + height // 2,
            rest.width - widths["left"] - widths["right"],
            rest.height - height // 2 - height,
        )
        dim = (look.colours.dim, look.colours.surface)
        for side, axis in axes.items():
            if axis is None:
                continue
            ticks = axis.ticks()
            # On a low card only the ends are labelled.
            sparse = area.height < height * len(ticks)
            for tick in ticks:
                y = round(area.bottom - 1 - (area.height - 1) * tick / axis.high)
                if side == "left" or axes["left"] is None:
                    line = pygame.Rect(area.x, y, area.width, 1)
                    canvas.fill(mix(look.colours.outline, look.colours.surface, 0.45), line)
                if sparse and tick not in (ticks[0], ticks[-1]):
                    continue
                x = rest.x if side == "left" else area.right + metrics.gap // 2
                place = pygame.Rect(x, 0, widths[side] - metrics.gap // 2, height)
                place.centery = y
                align = 1.0 if side == "left" else 0.0
                look.text(canvas, axis.label(tick), place, dim, style=Style.SMALL, align=align)
        below = pygame.Rect(area.x, area.bottom, area.width, height)
        look.text(canvas, f"-{plot.age(chart.span)}", below, dim, style=Style.SMALL)
        look.text(canvas, "now", below, dim, style=Style.SMALL, align=1.0)
        return area

    def _label_width(self, axis: plot.Axis | None) -> int:
        if axis is None:
            return 0
        labels = (self._look.type.width(axis.label(tick), Style.SMALL) for tick in axis.ticks())
        return max(labels) + self._look.metrics.gap

    def _stroke(
        self, canvas: pygame.Surface, pixels: list[plot.Pixel], colour: Rgb, thin: bool
    ) -> None:
        if not pixels:
            return
        width = max(1, self._look.metrics.px(1 if thin else 2))
        if len(pixels) == 1:
            self._look.shapes.disc(
                canvas, (round(pixels[0][0]), round(pixels[0][1])), width + 1, colour
            )
            return
        pygame.draw.lines(canvas, colour, False, pixels, width)
        if self._smooth:
            for offset in (-width / 2, width / 2 - 0.5):
                edge = [(x, y + offset) for x, y in pixels]
                pygame.draw.aalines(canvas, colour, False, edge)


def _axis(lines: Sequence[Line], side: str, intervals: int) -> plot.Axis | None:
    """Return the axis that holds the lines of a side, None where there are none."""
    mine = [line for line in lines if line.axis == side]
    if not mine:
        return None
    return plot.axis_for((value for line in mine for _, value in line.points), intervals)


class _Pie:
    """Draws a pie chart with its legend."""

    def __init__(self, look: Look, smooth: bool) -> None:
        self._look = look
        self._fine = _FINE if smooth else 1

    def draw(self, canvas: pygame.Surface, chart: PieChart, body: pygame.Rect) -> None:
        """Draw `chart` in `body`."""
        look, metrics = self._look, self._look.metrics
        if not chart.slices:
            dim = (look.colours.dim, look.colours.surface)
            look.text(canvas, "Nothing yet", body, dim, style=Style.BODY, align=0.5)
            return
        side = min(body.height, round(body.width * 0.38))
        place = pygame.Rect(body.x, body.y, side, side)
        place.centery = body.centery
        canvas.blit(self._disc(chart, side), place, None, pygame.BLEND_ALPHA_SDL2)
        legend = pygame.Rect(place.right + 2 * metrics.gap, body.y, 0, body.height)
        legend.width = body.right - legend.x
        self._legend(canvas, chart, legend)

    def _disc(self, chart: PieChart, side: int) -> pygame.Surface:
        colours = self._look.colours
        fine = blank(side * self._fine, colours.surface)
        nothing = (*colours.surface, 0)
        centre = (fine.get_width() / 2, fine.get_height() / 2)
        radius = centre[0] - 1
        angles = plot.sectors([piece.share for piece in chart.slices])
        for (begin, end), colour in zip(angles, _slice_colours(self._look, chart), strict=True):
            pygame.draw.polygon(fine, colour, plot.sector_points(centre, radius, begin, end))
        if len(chart.slices) > 1:
            gap = max(1, self._look.metrics.line) * self._fine
            for begin, _ in angles:
                edge = plot.sector_points(centre, radius + 1, begin, begin)[1]
                pygame.draw.line(fine, nothing, centre, edge, gap)
        pygame.draw.circle(fine, nothing, centre, radius * 0.52)
        if self._fine == 1:
            return fine
        return pygame.transform.smoothscale(fine, (side, side))

    def _legend(self, canvas: pygame.Surface, chart: PieChart, area: pygame.Rect) -> None:
        look, metrics = self._look, self._look.metrics
        step = look.type.height(Style.SMALL) + max(1, metrics.gap // 4)
        room = max(1, area.height // step)
        shown = chart.slices if len(chart.slices) <= room else chart.slices[: room - 1]
        y = area.y + max(0, (area.height - step * min(room, len(chart.slices))) // 2)
        dim = (look.colours.dim, look.colours.surface)
        colours = _slice_colours(look, chart)
        figures = self._figures(shown, area.width - 3 * metrics.px(4) - metrics.gap)
        for piece, words, colour in zip(shown, figures, colours, strict=False):
            dot = metrics.px(4)
            look.shapes.disc(canvas, (area.x + dot, y + step // 2), dot, colour)
            line = pygame.Rect(area.x + 3 * dot, y, area.width - 3 * dot, step)
            width = look.text(canvas, words, line, dim, style=Style.SMALL, align=1.0)
            line.width -= width + metrics.gap
            front = (look.colours.text, look.colours.surface)
            look.text(canvas, piece.label, line, front, style=Style.SMALL)
            y += step
        if len(shown) < len(chart.slices):
            more = pygame.Rect(area.x, y, area.width, step)
            words = f"and {len(chart.slices) - len(shown)} more"
            look.text(canvas, words, more, dim, style=Style.SMALL)

    def _figures(self, slices: Sequence[Slice], room: int) -> list[str]:
        """Return what stands behind each name: share and remark, or only the share."""
        width = self._look.type.width
        shares = [f"{100 * piece.share:.0f} %" for piece in slices]
        full = [
            f"{share} · {piece.note}" if piece.note else share
            for piece, share in zip(slices, shares, strict=True)
        ]
        fits = all(
            width(piece.label, Style.SMALL) + width(words, Style.SMALL) <= room
            for piece, words in zip(slices, full, strict=True)
        )
        return full if fits else shares


def _slice_colours(look: Look, chart: PieChart) -> list[Rgb]:
    series = look.colours.series
    return [series[index % len(series)] for index in range(len(chart.slices))]
