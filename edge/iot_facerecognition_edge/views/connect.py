"""The connect pop-up: where the server is and what lets this device in."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Popup`, told there

from collections.abc import Callable
from dataclasses import dataclass

import pygame

from iot_facerecognition_edge.events import ConnectionState
from iot_facerecognition_edge.settings import entered, setting
from iot_facerecognition_edge.settings.entered import ADDRESS, PORT
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.colours import Rgb, mix
from iot_facerecognition_edge.ui.controls import Button, Kind, Paragraph, Pressable
from iot_facerecognition_edge.ui.entry import Request, TextEntry
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Popup
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.view import Navigator


class Field(Pressable):
    """A value with its name above it; a tap writes another."""

    def __init__(
        self, look: Look, name: str, value: str, on_press: Callable[[], None], behind: Rgb
    ) -> None:
        super().__init__(look, on_press)
        self.name = name
        self._value = value
        self._behind = behind

    @property
    def value(self) -> str:
        """What stands in it."""
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        self._value = value
        self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours, metrics = self.look, self.look.colours, self.look.metrics
        fill = mix(self._behind, colours.text, 0.2 if self.pressed else 0.06)
        shape = (metrics.radius, metrics.line)
        look.shapes.framed(canvas, self.rect, (fill, colours.outline), shape)
        room = self.rect.inflate(-2 * metrics.gap, 0)
        low, high = look.type.height(Style.SMALL), look.type.height(Style.BODY)
        top = self.rect.centery - (low + high) // 2
        above = pygame.Rect(room.x, top, room.width, low)
        look.text(canvas, self.name, above, (colours.dim, fill), style=Style.SMALL)
        below = pygame.Rect(room.x, top + low, room.width, high)
        look.text(canvas, self._value or "not set", below, (colours.text, fill))


@dataclass(slots=True)
class _Wanted:
    """What the pop-up was told; the token is None until another one is written."""

    address: str
    port: int
    token: str | None = None


class ConnectPopup(Popup):
    """Address, port and token; Connect stores them and tries."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator.look, "Server", lambda: navigator.remove(self))
        self._navigator = navigator
        settings = navigator.appliance.settings
        self._wanted = _Wanted(
            settings.text("connection.address"), settings.number("connection.port")
        )
        connection = navigator.appliance.connection
        look, fill = self.look, self.fill
        self._pane = self.card.add(ScrollPane(look, fill, self._lay_out))
        self.state = self._pane.add(
            Paragraph(
                look,
                with_labels(connection.text),
                fill,
                colour=look.colours.dim,
                style=Style.SMALL,
            )
        )
        self.address = self._field("Address", self._wanted.address, self._ask_address)
        self.port = self._field("Port", str(self._wanted.port), self._ask_port)
        token = "••••••••" if settings.text("connection.token") else ""
        self.token = self._field("Token", token, self._ask_token)
        self._end: Button | None = None
        if connection.state is not ConnectionState.DISCONNECTED:
            self._end = self.card.add(Button(look, self._disconnect, "Disconnect", behind=fill))
        word = "Connect" if self._end is None else "Reconnect"
        self.go = self.card.add(Button(look, self._connect, word, kind=Kind.PRIMARY, behind=fill))

    def _field(self, name: str, value: str, ask: Callable[[], None]) -> Field:
        return self._pane.add(Field(self.look, name, value, ask, self.fill))

    def _line(self) -> int:
        """Return the height of a field."""
        kind = self.look.type
        both = kind.height(Style.SMALL) + kind.height(Style.BODY) + self.look.metrics.gap // 2
        return max(self.look.metrics.target, both)

    def body_height(self, width: int) -> int:
        metrics = self.look.metrics
        above = self.state.height(width) + metrics.gap // 2
        return above + 2 * (self._line() + metrics.gap) + metrics.gap + metrics.target

    def _lay_out(self, area: pygame.Rect) -> int:
        """Place the state, whole, and the fields; a long state makes them scroll."""
        metrics, high = self.look.metrics, self._line()
        words = self.state.height(area.width)
        self.state.place(pygame.Rect(area.x, area.y, area.width, words))
        y = area.y + words + metrics.gap // 2
        wide = round(area.width * 0.68)
        self.address.place(pygame.Rect(area.x, y, wide, high))
        left = area.x + wide + metrics.gap
        self.port.place(pygame.Rect(left, y, area.right - left, high))
        y += high + metrics.gap
        self.token.place(pygame.Rect(area.x, y, area.width, high))
        return y + high - area.y

    def arrange_body(self, area: pygame.Rect) -> None:
        metrics = self.look.metrics
        bottom = area.bottom - metrics.target - metrics.gap
        self._pane.place(pygame.Rect(area.x, area.y, area.width, bottom - area.y))
        buttons = [button for button in (self._end, self.go) if button is not None]
        width = (area.width - metrics.gap * (len(buttons) - 1)) // len(buttons)
        for number, button in enumerate(buttons):
            left = area.x + number * (width + metrics.gap)
            button.place(pygame.Rect(left, area.bottom - metrics.target, width, metrics.target))

    # What is written.

    def _ask(self, request: Request, on_done: Callable[[str], str | None]) -> None:
        navigator = self._navigator
        layer = TextEntry(self.look, request, on_done, lambda: navigator.remove(layer))
        navigator.push(layer)

    def _ask_address(self) -> None:
        def done(text: str) -> str | None:
            def keep() -> None:
                given = entered(ADDRESS, text)
                self._wanted.address = self.address.value = str(given[ADDRESS])
                if PORT in given:
                    self._wanted.port = int(given[PORT])
                    self.port.value = str(self._wanted.port)

            return self._navigator.attempt(keep)

        request = Request("Server address", text=self._wanted.address, hint="192.168.1.10")
        self._ask(request, done)

    def _ask_port(self) -> None:
        def done(text: str) -> str | None:
            def keep() -> None:
                self._wanted.port = int(setting("connection.port").parse(text))
                self.port.value = str(self._wanted.port)

            return self._navigator.attempt(keep)

        self._ask(Request("Port", text=str(self._wanted.port), number=True, most=5), done)

    def _ask_token(self) -> None:
        def done(text: str) -> str | None:
            self._wanted.token = text.strip()
            self.token.value = self._wanted.token
            return None

        request = Request("Token", text=self._wanted.token or "", hint="as the server printed it")
        self._ask(request, done)

    # What it does.

    def _connect(self) -> None:
        wanted, appliance = self._wanted, self._navigator.appliance
        refusal = self._navigator.attempt(
            lambda: appliance.connect(wanted.address, wanted.port, wanted.token)
        )
        if refusal is None:
            self._navigator.remove(self)
        else:
            self.state.say(refusal, self.look.colours.error)
            self.arrange()
            self._pane.scroll_to(0)
            self.changed()

    def _disconnect(self) -> None:
        self._navigator.remove(self)
        self._navigator.appliance.disconnect()
