"""The seven charts: as a page, and as a pop-up over the camera's picture."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Layer`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.statistics import ChartId, LineChart, PieChart
from iot_facerecognition_edge.ui.charts import ChartCard
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Chip, Label, Panel
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.view import Navigator, View

_INTERVAL, _ANIMATED_INTERVAL = 0.5, 0.1
"""Seconds between two drawings of the charts, without and with animations."""
_SHORT_NAMES = {
    ChartId.OBJECTS: "Objects",
    ChartId.FACES: "Faces",
    ChartId.FACES_OVER_TIME: "Faces / time",
    ChartId.PREDICTION: "Prediction",
    ChartId.TRAFFIC_TOTAL: "Traffic",
    ChartId.TRAFFIC_RATE: "Traffic / s",
    ChartId.FPS: "FPS",
}


class ChartBoard(Widget):
    """A switch per chart above the charts that are on, in as many columns as there is room for."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator.look)
        self._navigator = navigator
        self._appliance = navigator.appliance
        self._drawn_at: float | None = None
        behind = self.look.colours.background
        self._bar = self.add(ScrollPane(self.look, behind, self._lay_out_chips, sideways=True))
        self._pane = self.add(ScrollPane(self.look, behind, self._lay_out_cards))
        self.chips: dict[ChartId, Chip] = {}
        for chart in ChartId:
            chip = Chip(self.look, _SHORT_NAMES[chart], self._toggle(chart), behind=behind)
            chip.selected = self._on(chart)
            self.chips[chart] = self._bar.add(chip)
        self.cards: dict[ChartId, ChartCard] = {}
        self._fill()

    def _on(self, chart: ChartId) -> bool:
        return bool(self._appliance.settings.value(f"statistics.{chart}"))

    def _toggle(self, chart: ChartId) -> Callable[[], None]:
        def toggle() -> None:
            self._navigator.attempt_aloud(
                lambda: self._appliance.settings.set(f"statistics.{chart}", not self._on(chart))
            )
            self.chips[chart].selected = self._on(chart)
            self._fill()
            self._pane.place(self._pane.rect)

        return toggle

    def _fill(self) -> None:
        """Make a card for each chart that is on."""
        smooth = self._appliance.settings.statistics.antialiasing
        self._pane.clear()
        self.cards = {}
        for chart in ChartId:
            if self._on(chart):
                card = ChartCard(self.look, chart, self._source, smooth=smooth)
                self.cards[chart] = self._pane.add(card)
        if not self.cards:
            words = "All charts are off. Tap a name above."
            back, dim = self.look.colours.background, self.look.colours.dim
            self._pane.add(Label(self.look, words, back, colour=dim, align=0.5))

    def _source(self, chart: ChartId, whole: bool) -> LineChart | PieChart:
        appliance = self._appliance
        return appliance.statistics.chart(chart, appliance.clock(), whole=whole)

    # Places.

    def arrange(self) -> None:
        metrics, rect = self.look.metrics, self.rect
        bar = pygame.Rect(rect.x, rect.y, rect.width, metrics.target)
        self._bar.place(bar)
        top = bar.bottom
        self._pane.place(pygame.Rect(rect.x, top, rect.width, rect.bottom - top))

    def _lay_out_chips(self, area: pygame.Rect) -> int:
        gap = self.look.metrics.gap
        x = area.x + gap
        for chip in self.chips.values():
            width = chip.natural_width()
            chip.place(pygame.Rect(x, area.y, width, area.height))
            x += width + gap // 2
        return x + gap // 2 - area.x

    def _lay_out_cards(self, area: pygame.Rect) -> int:
        metrics = self.look.metrics
        gap = metrics.gap
        columns = max(1, min(3, area.width // metrics.px(310)))
        width = (area.width - gap * (columns + 1)) // columns
        # One card must be seen whole; two rows of them where there is room.
        height = max(metrics.px(150), min((area.height - gap * 3) // 2, round(width * 0.75)))
        height = min(height, area.height - gap)
        children = self._pane.children
        if not self.cards:
            children[0].place(pygame.Rect(area.x, area.y, area.width, metrics.target))
            return metrics.target
        for number, card in enumerate(children):
            row, column = divmod(number, columns)
            left = area.x + gap + column * (width + gap)
            top = area.y + gap // 2 + row * (height + gap)
            card.place(pygame.Rect(left, top, width, height))
        return -(-len(children) // columns) * (height + gap)

    # Time.

    def advance(self, now: float) -> float:
        """Take the newest values now and then; return when next."""
        animated = self._appliance.settings.statistics.animations
        interval = _ANIMATED_INTERVAL if animated else _INTERVAL
        if self._drawn_at is None or now >= self._drawn_at + interval:
            self._drawn_at = now
            for card in self.cards.values():
                if card.rect.colliderect(self._pane.rect):
                    card.refresh()
        return self._drawn_at + interval

    def reveal(self, card: ChartCard) -> None:
        """Scroll so that `card` is seen whole."""
        self._pane.reveal(card)

    def draw(self, canvas: pygame.Surface) -> None:
        canvas.fill(self.look.colours.background, self.rect)


class StatisticsView(View):
    """The charts as a page."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator, "Statistics")
        self.export_button = self.action(
            Button(self.look, self._export, "Export", Icon.SAVE, kind=ButtonKind.QUIET)
        )
        self.board = self.add(ChartBoard(navigator))

    def _export(self) -> None:
        """Write the charts as CSV files; a toast says where they are."""
        self.navigator.attempt_aloud(self.appliance.export_statistics)

    def arrange(self) -> None:
        self.board.place(self.header())

    def advance(self, now: float) -> float | None:
        return self.board.advance(now)


class StatisticsPopup(Layer):
    """The charts over the camera's picture, a part of which stays to be seen."""

    opaque = True

    def __init__(self, navigator: Navigator, on_close: Callable[[], None]) -> None:
        super().__init__(navigator.look)
        look, back = self.look, self.look.colours.background
        self._on_close = on_close
        self._frame = self.add(Panel(look, back, 0, look.colours.outline))
        self._title = self.add(Label(look, "Statistics", back, style=Style.TITLE))
        self.cross = self.add(Button(look, on_close, icon=Icon.CLOSE, kind=ButtonKind.QUIET))
        self.board = self.add(ChartBoard(navigator))

    def natural_place(self, screen: pygame.Rect) -> pygame.Rect:
        """Return its place: the right part of a wide screen, the lower of a high one."""
        if self.look.wide:
            width = max(round(screen.width * 0.64), min(screen.width, 280))
            return pygame.Rect(screen.right - width, screen.y, width, screen.height)
        height = round(screen.height * 0.6)
        return pygame.Rect(screen.x, screen.bottom - height, screen.width, height)

    def arrange(self) -> None:
        metrics, rect = self.look.metrics, self.rect
        self._frame.place(rect)
        top = rect.y + metrics.line
        cross = pygame.Rect(0, top, metrics.target, metrics.target)
        cross.right = rect.right - metrics.gap // 2
        self.cross.place(cross)
        left = rect.x + metrics.gap
        self._title.place(pygame.Rect(left, top, cross.x - left, cross.height))
        line = metrics.line
        low = cross.bottom
        self.board.place(
            pygame.Rect(rect.x + line, low, rect.width - 2 * line, rect.bottom - line - low)
        )

    def outside(self) -> None:
        self._on_close()

    def key(self, key: Key) -> None:
        if key is Key.ESCAPE:
            self._on_close()

    def advance(self, now: float) -> float | None:
        return self.board.advance(now)
