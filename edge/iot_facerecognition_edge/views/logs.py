"""What happened, newest first."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `View`, told there

from bisect import bisect_right
from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.events import EntryAdded, Event
from iot_facerecognition_edge.log.eventlog import Entry, EntryKind
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.colours import Colours, Rgb, mix
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Chip, Paragraph
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Confirm, Popup
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.view import Navigator, View

_NAMES = {
    EntryKind.INFORMATION: "Info",
    EntryKind.WARNING: "Warnings",
    EntryKind.ERROR: "Errors",
}


def kind_colour(kind: EntryKind, colours: Colours) -> Rgb:
    """Return the colour of a kind of entry."""
    return {
        EntryKind.INFORMATION: colours.good,
        EntryKind.WARNING: colours.warning,
        EntryKind.ERROR: colours.error,
    }[kind]


class LogsView(View):
    """The log, with a filter by kind; a tap on an entry shows all of it."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator, "Logs")
        look, back = self.look, self.look.colours.background
        self.clear_button = self.action(
            Button(look, self._ask_clear, icon=Icon.TRASH, kind=ButtonKind.QUIET)
        )
        self.chips: dict[EntryKind, Chip] = {}
        for kind in EntryKind:
            mark = kind_colour(kind, look.colours)
            chip = Chip(look, _NAMES[kind], self._toggle(kind), behind=back, mark=mark)
            chip.selected = True
            self.chips[kind] = self.add(chip)
        self.rows = LogRows(look, self._show_entry)
        self._pane = self.add(ScrollPane(look, back, self._lay_out))
        self._pane.add(self.rows)
        self._stale = False
        self.rows.entries = self._entries()

    def _entries(self) -> list[Entry]:
        kinds = [kind for kind, chip in self.chips.items() if chip.selected]
        return self.appliance.log.entries(kinds)

    def _toggle(self, kind: EntryKind) -> Callable[[], None]:
        def toggle() -> None:
            self.chips[kind].selected = not self.chips[kind].selected
            self._reload(keep=False)

        return toggle

    def _reload(self, *, keep: bool) -> None:
        """Reload the entries; `keep` leaves what is read in its place."""
        newest = next(iter(self.rows.entries), None)
        self.rows.entries = self._entries()
        offset = self._pane.offset
        self._pane.place(self._pane.rect)
        if not keep:
            self._pane.scroll_to(0)
        elif offset and newest is not None:
            self._pane.scroll_to(offset + self.rows.height_before(newest))
        self._pane.changed()

    def accept(self, event: Event) -> None:
        if isinstance(event, EntryAdded):
            self._stale = True

    def advance(self, now: float) -> float | None:  # noqa: ARG002 - once per round, at most
        if self._stale:
            self._stale = False
            self._reload(keep=True)
        return None

    def arrange(self) -> None:
        metrics = self.look.metrics
        body = self.header()
        gap = metrics.gap
        width = (body.width - gap * (len(self.chips) + 1)) // len(self.chips)
        for number, chip in enumerate(self.chips.values()):
            left = body.x + gap + number * (width + gap)
            chip.place(pygame.Rect(left, body.y, width, metrics.target))
        top = body.y + metrics.target + gap // 2
        self._pane.place(pygame.Rect(body.x, top, body.width, body.bottom - top))

    def _lay_out(self, area: pygame.Rect) -> int:
        height = self.rows.lay_out(area.width)
        self.rows.place(pygame.Rect(area.x, area.y, area.width, max(height, area.height)))
        return height

    def _show_entry(self, entry: Entry) -> None:
        layer = EntryPopup(self.look, entry, lambda: self.navigator.remove(layer))
        self.navigator.push(layer)

    def _ask_clear(self) -> None:
        def clear() -> None:
            self.appliance.log.clear()
            self._reload(keep=False)

        layer = Confirm(
            self.look,
            "Clear the log?",
            "All entries on this screen are forgotten. A log file, if there is one, stays.",
            ("Clear", clear),
            lambda: self.navigator.remove(layer),
        )
        self.navigator.push(layer)


class LogRows(Widget):
    """All entries as rows as high as their words are long; only those that are seen are drawn."""

    interactive = True

    def __init__(self, look: Look, on_tap: Callable[[Entry], None]) -> None:
        super().__init__(look)
        self._on_tap = on_tap
        self.entries: Sequence[Entry] = ()
        self._lines: dict[int, list[str]] = {}
        """The words of each entry, by its number, in lines for a width of `_width`."""
        self._width = 0
        self._tops: list[int] = [0]
        """Where each row begins, and the last one ends, below the first one's top."""
        self._pressed: int | None = None

    def lay_out(self, width: int) -> int:
        """Break the words into lines for rows of this width; return the height of all rows."""
        kept = self._lines if width == self._width else {}
        self._lines, self._width, self._tops = {}, width, [0]
        kind = self.look.type
        font, step = kind.font(Style.BODY), kind.height(Style.BODY)
        above = kind.height(Style.SMALL) + self.look.metrics.gap
        for entry in self.entries:
            lines = kept.get(entry.number) or kind.wrap(
                with_labels(entry.text), font, width - self._indent() - 2 * self.look.metrics.gap
            )
            self._lines[entry.number] = lines
            self._tops.append(self._tops[-1] + above + len(lines) * step)
        return self._tops[-1]

    def height_before(self, entry: Entry) -> int:
        """Return the height of the rows above that of `entry`; 0 when it has none any more."""
        for number, shown in enumerate(self.entries):
            if shown.number == entry.number:
                return self._tops[number]
        return 0

    def row(self, number: int) -> pygame.Rect:
        """Return the place of row `number`."""
        top, bottom = self._tops[number : number + 2]
        return pygame.Rect(self.rect.x, self.rect.y + top, self.rect.width, bottom - top)

    def _row_at(self, y: int) -> int:
        """Return the number of the row at this height of the screen; too large below the last."""
        return max(0, bisect_right(self._tops, y - self.rect.y) - 1)

    def _indent(self) -> int:
        """Return how far from the left the words begin: behind the coloured bar."""
        return 2 * self.look.metrics.gap + self.look.metrics.px(4)

    def draw(self, canvas: pygame.Surface) -> None:
        clip = canvas.get_clip()
        last = min(len(self.entries), self._row_at(clip.bottom - 1) + 1)
        for number in range(self._row_at(clip.top), last):
            self._draw_row(canvas, self.row(number), self.entries[number], number)
        if not self.entries:
            colours = self.look.colours
            line = pygame.Rect(self.rect.x, self.rect.y, self.rect.width, self.look.metrics.target)
            ink = (colours.dim, colours.background)
            self.look.text(canvas, "Nothing to show", line, ink, align=0.5)

    def _draw_row(
        self, canvas: pygame.Surface, row: pygame.Rect, entry: Entry, number: int
    ) -> None:
        look, colours, gap = self.look, self.look.colours, self.look.metrics.gap
        fill = colours.background
        if number == self._pressed:
            fill = mix(fill, colours.text, 0.15)
            canvas.fill(fill, row)
        mark = kind_colour(entry.kind, colours)
        bar = pygame.Rect(row.x + gap, row.y + gap // 2, look.metrics.px(4), row.height - gap)
        look.shapes.box(canvas, bar, mark, bar.width // 2)
        left = row.x + self._indent()
        width = row.right - 2 * gap - left
        low, high = look.type.height(Style.SMALL), look.type.height(Style.BODY)
        above = pygame.Rect(left, row.y + gap // 2, width, low)
        time = f"{entry.time:%d-%m-%Y  %H:%M:%S}"
        used = look.text(canvas, time, above, (colours.dim, fill), style=Style.SMALL)
        if entry.kind is not EntryKind.INFORMATION:
            word = pygame.Rect(left + used + gap, above.y, width - used - gap, low)
            look.text(canvas, entry.kind.value, word, (mark, fill), style=Style.SMALL)
        below = pygame.Rect(left, above.bottom, width, high)
        for line in self._lines[entry.number]:
            look.text(canvas, line, below, (colours.text, fill))
            below.y += high
        canvas.fill(colours.raised, (left, row.bottom - 1, width, 1))

    # Touch.

    def press(self, x: int, y: int) -> None:  # noqa: ARG002 - rows go all the way across
        number = self._row_at(y)
        self._hold(number if number < len(self.entries) else None)

    def release(self, x: int, y: int) -> None:
        pressed = self._pressed
        self._hold(None)
        if pressed is not None and self.row(pressed).collidepoint(x, y):
            self._on_tap(self.entries[pressed])

    def cancel(self) -> None:
        self._hold(None)

    def _hold(self, number: int | None) -> None:
        for row in (self._pressed, number):
            if row is not None:
                self.changed(self.row(row))
        self._pressed = number


class EntryPopup(Popup):
    """One entry, whole."""

    def __init__(self, look: Look, entry: Entry, on_close: Callable[[], None]) -> None:
        super().__init__(look, entry.kind.value.capitalize(), on_close)
        milliseconds = entry.time.microsecond // 1000
        when = f"{entry.time:%d-%m-%Y  %H:%M:%S}.{milliseconds:03}"
        dim = look.colours.dim
        self._when = self.card.add(Paragraph(look, when, self.fill, colour=dim, style=Style.SMALL))
        self._pane = self.card.add(ScrollPane(look, self.fill, self._lay_out))
        self._text = self._pane.add(Paragraph(look, with_labels(entry.text), self.fill))

    def _lay_out(self, area: pygame.Rect) -> int:
        height = self._text.height(area.width)
        self._text.place(pygame.Rect(area.x, area.y, area.width, height))
        return height

    def body_height(self, width: int) -> int:
        return self._when.height(width) + self.look.metrics.gap + self._text.height(width)

    def arrange_body(self, area: pygame.Rect) -> None:
        high = self._when.height(area.width)
        self._when.place(pygame.Rect(area.x, area.y, area.width, high))
        top = area.y + high + self.look.metrics.gap
        self._pane.place(pygame.Rect(area.x, top, area.width, area.bottom - top))
