"""The first page: how things stand, and the way to everything else."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `View`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.events import ConnectionChanged, Event, NetworkChanged
from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.settings import SettingChanged
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.colours import Colours, Rgb, mix
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Label, Pressable
from iot_facerecognition_edge.ui.entry import TextEntry, TextRequest
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Confirm
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.connect import ConnectPopup
from iot_facerecognition_edge.views.view import Navigator, Page, View

TITLE = "IoT Face Recognition"
MOST_MESSAGE = 500
"""Characters of a message: several lines on any screen and in any log."""
MORE = "Tap to read all of it."
"""Stands for the lines that a small screen has no room for."""
_LEAST_TILE = 44
"""Pixels that a finger needs."""


def state_colour(state: State, colours: Colours) -> Rgb:
    """Return the colour that stands for a state of the connection."""
    if state is State.CONNECTED:
        return colours.good
    if state is State.REFUSED:
        return colours.error
    if state in {State.DISCONNECTED, State.NOT_SET_UP}:
        return colours.dim
    return colours.warning


def connection_words(connection: Status) -> str:
    """Return what a person at the screen is told about the connection."""
    if connection.state is State.NOT_SET_UP:
        return "Tap here to choose a server."
    return with_labels(connection.text)


class MainView(View):
    """Seven tiles below the state of the connection."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator, None)
        look, back = self.look, self.look.colours.background
        self._heading = self.add(Label(look, TITLE, back, style=Style.TITLE))
        self._name = self.add(
            Label(look, "", back, colour=look.colours.dim, align=1.0, shrink=True)
        )
        self.status = self.add(_Status(look, self._connect))
        self.tiles = {
            word: self.add(Button(look, act, word, icon, kind=kind, tall=True))
            for word, icon, kind, act in self._choices()
        }
        self._refresh()

    def _choices(self) -> list[tuple[str, Icon, ButtonKind, Callable[[], None]]]:
        def to(page: Page) -> Callable[[], None]:
            return lambda: self.navigator.open(page)

        return [
            ("Camera", Icon.CAMERA, ButtonKind.PRIMARY, to(Page.CAMERA)),
            ("Logs", Icon.LOGS, ButtonKind.CARD, to(Page.LOGS)),
            ("Settings", Icon.SETTINGS, ButtonKind.CARD, to(Page.SETTINGS)),
            ("Message", Icon.MESSAGE, ButtonKind.CARD, self._message),
            ("Statistics", Icon.CHART, ButtonKind.CARD, to(Page.STATISTICS)),
            ("About", Icon.ABOUT, ButtonKind.CARD, to(Page.ABOUT)),
            ("Shut down", Icon.POWER, ButtonKind.CARD, self._shut_down),
        ]

    def arrange(self) -> None:
        metrics = self.look.metrics
        inner = self.rect.inflate(-2 * metrics.gap, -2 * metrics.gap)
        line = self.look.type.height(Style.TITLE)
        width = min(inner.width, self.look.type.width(TITLE, Style.TITLE))
        self._heading.place(pygame.Rect(inner.x, inner.y, width, line))
        left = inner.x + width + 2 * metrics.gap
        self._name.place(pygame.Rect(left, inner.y, max(0, inner.right - left), line))
        status = pygame.Rect(inner.x, inner.y + line + metrics.gap, inner.width, 0)
        rows = self._grid()[1]
        tiles = rows * max(_LEAST_TILE, metrics.target) + (rows - 1) * metrics.gap
        most = inner.bottom - status.y - metrics.gap - tiles
        status.height = self.status.natural_height(inner.width, most)
        self.status.place(status)
        top = status.bottom + metrics.gap
        self._arrange_tiles(pygame.Rect(inner.x, top, inner.width, inner.bottom - top))

    def _grid(self) -> tuple[int, int]:
        """Return the columns and rows of tiles: two rows, or four on a screen that stands."""
        return (4, 2) if self.look.wide else (2, 4)

    def _arrange_tiles(self, area: pygame.Rect) -> None:
        """Place the tiles in rows; the first is double."""
        columns, rows = self._grid()
        gap = self.look.metrics.gap
        width = (area.width - gap * (columns - 1)) / columns
        height = (area.height - gap * (rows - 1)) / rows
        cell = 0
        for tile in self.tiles.values():
            span = 2 if cell == 0 else 1
            row, column = divmod(cell, columns)
            left = area.x + round(column * (width + gap))
            right = area.x + round((column + span) * (width + gap)) - gap
            top = area.y + round(row * (height + gap))
            tile.place(pygame.Rect(left, top, right - left, int(height)))
            cell += span

    # What it shows.

    def accept(self, event: Event) -> None:
        if isinstance(event, ConnectionChanged | NetworkChanged | SettingChanged):
            self._refresh()

    def _refresh(self) -> None:
        network = self.appliance.network
        self.status.show(
            self.appliance.connection, network.text if network.wifi is not None else ""
        )
        connected = self.appliance.connection.state is State.CONNECTED
        self.tiles["Message"].enabled = connected
        self._name.text = self.appliance.settings.connection.name
        if self.rect.height:
            self.arrange()

    # What it does.

    def key(self, key: Key) -> None:
        """Stay: there is no page before this one."""

    def _connect(self) -> None:
        self.navigator.guard(lambda: self.navigator.push(ConnectPopup(self.navigator)))

    def _message(self) -> None:
        request = TextRequest("Send message", "Send", most=MOST_MESSAGE, hint="To the operators")
        layer = TextEntry(self.look, request, self._send, lambda: self.navigator.remove(layer))
        self.navigator.push(layer)

    def _send(self, text: str) -> str | None:
        return self.navigator.attempt(lambda: self.appliance.send_message(text))

    def _shut_down(self) -> None:
        off = self.appliance.can_power_off
        question = (
            "The device will be switched off. Wait until its light is out before you pull the plug."
            if off
            else "The program will end. The device stays on."
        )
        layer = Confirm(
            self.look,
            "Shut down?",
            question,
            ("Shut down", lambda: self.appliance.leave(power_off=off)),
            lambda: self.navigator.remove(layer),
        )
        self.navigator.push(layer)


class _Status(Pressable):
    """The state of the connection as a card; a tap opens the connect pop-up."""

    def __init__(self, look: Look, on_press: Callable[[], None]) -> None:
        super().__init__(look, on_press)
        self.connection = Status(State.DISCONNECTED, "", server="")
        self.detail = ""
        self.lines: list[str] = []

    def show(self, connection: Status, detail: str) -> None:
        """Show this connection, and a word on the network."""
        if (connection, detail) != (self.connection, self.detail):
            self.connection, self.detail = connection, detail
            self.changed()

    def words(self) -> str:
        """Return what stands below: where it is connected to, or why not; then the network."""
        connection = self.connection
        connected = connection.state is State.CONNECTED
        parts = (connection.server if connected else connection_words(connection), self.detail)
        return " · ".join(part for part in parts if part)

    def natural_height(self, width: int, most: int) -> int:
        """Return the height that the words need in this width; they are laid out for `most`."""
        kind, metrics = self.look.type, self.look.metrics
        high, low = kind.height(Style.BOLD), kind.height(Style.SMALL)
        font, words = kind.font(Style.SMALL), self.words()
        lines = kind.wrap(words, font, width - self._indent() - self._arrow()) if words else []
        room = max(1, (most - high - metrics.gap) // low)
        self.lines = lines if len(lines) <= room else [*lines[: room - 1], MORE]
        return max(metrics.target, high + len(self.lines) * low + metrics.gap)

    def _indent(self) -> int:
        """Return how far from the left edge the words begin: behind the dot."""
        metrics = self.look.metrics
        return metrics.gap + 2 * metrics.px(6) + metrics.gap + metrics.gap // 2

    def _arrow(self) -> int:
        """Return the width that the arrow takes at the right."""
        return self.look.metrics.px(16) + 2 * self.look.metrics.gap

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours, metrics = self.look, self.look.colours, self.look.metrics
        fill = mix(colours.surface, colours.text, 0.15) if self.pressed else colours.surface
        look.shapes.box(canvas, self.rect, fill, metrics.radius)
        mark = state_colour(self.connection.state, colours)
        radius = metrics.px(6)
        dot = (self.rect.x + metrics.gap + radius, self.rect.centery)
        look.shapes.disc(canvas, dot, radius, mark)
        side = metrics.px(16)
        arrow = pygame.Rect(self.rect.right - metrics.gap - side, 0, side, side)
        arrow.centery = self.rect.centery
        look.icons.draw(canvas, Icon.NEXT, arrow, colours.dim)
        high, low = look.type.height(Style.BOLD), look.type.height(Style.SMALL)
        width = self.rect.width - self._indent() - self._arrow()
        line = pygame.Rect(self.rect.x + self._indent(), 0, width, high)
        line.y = self.rect.centery - (high + low * len(self.lines)) // 2
        text = self.connection.state.capitalize()
        look.text(canvas, text, line, (colours.text, fill), style=Style.BOLD)
        line.y, line.height = line.bottom, low
        for words in self.lines:
            look.text(canvas, words, line, (colours.dim, fill), style=Style.SMALL)
            line.y += low
