"""The connect pop-up: where the server is, whether it is the right one, how this device gets in."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Popup`, told there
# ruff: noqa: PLC0415 - what is needed once in a device's life is not imported at each start

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pygame

from iot_facerecognition_client import ServerAddress, State
from iot_facerecognition_edge.connection.introduction import Declined, Shown
from iot_facerecognition_edge.settings import entered
from iot_facerecognition_edge.settings.connection import ConnectionSettings
from iot_facerecognition_edge.settings.entered import ADDRESS, PORT
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.colours import Rgb, mix
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Paragraph, Pressable
from iot_facerecognition_edge.ui.entry import TextEntry, TextRequest
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Popup
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.view import Navigator

if TYPE_CHECKING:
    from iot_facerecognition_client import Paired
    from iot_facerecognition_protocol.pairing.code import PairingCode
    from iot_facerecognition_protocol.pairing.text import PairingText


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
    """A pairing code by camera or by hand, or address, port and token; Connect stores and tries.

    Before a token goes to a server whose certificate is not the pinned one, a person is asked.
    """

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator.look, "Server", lambda: navigator.remove(self))
        self._navigator = navigator
        self._appliance = navigator.appliance
        self._open = True
        settings, connection = self._appliance.settings, self._appliance.connection
        address = ConnectionSettings.address
        known = connection.state is not State.NOT_SET_UP
        written = settings.connection.address
        # The default is this machine, where on a device no server is.
        self._wanted = _Wanted(
            written if known or written != address.default else "",
            settings.connection.port,
        )
        look, fill = self.look, self.fill
        self._pane = self.card.add(ScrollPane(look, fill, self._lay_out))
        words = with_labels(connection.text) if known else _WELCOME
        self.state = self._pane.add(
            Paragraph(look, words, fill, colour=look.colours.dim, style=Style.SMALL)
        )
        self.scan = self._pane.add(Button(look, self._scan, "Scan code", Icon.CAMERA, behind=fill))
        self.code = self._pane.add(Button(look, self._ask_code, "Type code", behind=fill))
        self.address = self._field("Address", self._wanted.address, self._ask_address)
        self.port = self._field("Port", str(self._wanted.port), self._ask_port)
        token = "••••••••" if settings.connection.token else ""
        self.token = self._field("Token", token, self._ask_token)
        self._end: Button | None = None
        if connection.state not in _RESTING:
            self._end = self.card.add(Button(look, self._disconnect, "Disconnect", behind=fill))
        word = "Connect" if self._end is None else "Reconnect"
        self.go = self.card.add(
            Button(look, self._connect, word, kind=ButtonKind.PRIMARY, behind=fill)
        )

    def _field(self, name: str, value: str, ask: Callable[[], None]) -> Field:
        return self._pane.add(Field(self.look, name, value, ask, self.fill))

    def removed(self) -> None:
        self._open = False

    # Places.

    def _line(self) -> int:
        """Return the height of a field."""
        kind = self.look.type
        both = kind.height(Style.SMALL) + kind.height(Style.BODY) + self.look.metrics.gap // 2
        return max(self.look.metrics.target, both)

    def body_height(self, width: int) -> int:
        metrics = self.look.metrics
        above = self.state.height(width) + metrics.gap // 2 + metrics.target + metrics.gap
        return above + 2 * (self._line() + metrics.gap) + metrics.gap + metrics.target

    def _lay_out(self, area: pygame.Rect) -> int:
        """Place the state, whole, the ways to pair and the fields; what is too much scrolls."""
        metrics, high = self.look.metrics, self._line()
        words = self.state.height(area.width)
        self.state.place(pygame.Rect(area.x, area.y, area.width, words))
        y = area.y + words + metrics.gap // 2
        half = (area.width - metrics.gap) // 2
        self.scan.place(pygame.Rect(area.x, y, half, metrics.target))
        self.code.place(pygame.Rect(area.right - half, y, half, metrics.target))
        y += metrics.target + metrics.gap
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

    def _ask(self, request: TextRequest, on_done: Callable[[str], str | None]) -> None:
        navigator = self._navigator
        layer = TextEntry(self.look, request, on_done, lambda: navigator.remove(layer))
        navigator.push(layer)

    def _ask_address(self, after: Callable[[], None] | None = None) -> None:
        def done(text: str) -> str | None:
            def keep() -> None:
                given = entered(ADDRESS, text)
                self._wanted.address = self.address.value = str(given[ADDRESS])
                if PORT in given:
                    self._wanted.port = int(given[PORT])
                    self.port.value = str(self._wanted.port)

            refusal = self._navigator.attempt(keep)
            if refusal is None and after is not None:
                after()
            return refusal

        request = TextRequest("Server address", text=self._wanted.address, hint="192.168.1.10")
        self._ask(request, done)

    def _ask_port(self) -> None:
        def done(text: str) -> str | None:
            def keep() -> None:
                self._wanted.port = int(ConnectionSettings.port.parse(text))
                self.port.value = str(self._wanted.port)

            return self._navigator.attempt(keep)

        self._ask(TextRequest("Port", text=str(self._wanted.port), number=True, most=5), done)

    def _ask_token(self) -> None:
        def done(text: str) -> str | None:
            self._wanted.token = text.strip()
            self.token.value = self._wanted.token
            return None

        request = TextRequest(
            "Token", text=self._wanted.token or "", hint="as the server printed it"
        )
        self._ask(request, done)

    def _ask_code(self) -> None:
        """Ask for the nine digits, and before that for the address where it is not known."""
        from iot_facerecognition_protocol.pairing.code import (
            CODE_DIGITS,
            PairingCodeError,
            parse_code,
        )

        if not self._wanted.address:
            self._ask_address(after=self._ask_code)
            return

        def done(text: str) -> str | None:
            try:
                code = parse_code(text)
            except PairingCodeError as error:
                return str(error)
            server = ServerAddress(self._wanted.address, self._wanted.port)
            self._pair(server, code, None)
            return None

        request = TextRequest(
            "Pairing code", number=True, most=CODE_DIGITS, hint="as pair NAME shows"
        )
        self._ask(request, done)

    def _scan(self) -> None:
        from iot_facerecognition_edge.views.scan import ScanLayer

        navigator = self._navigator
        layer = ScanLayer(navigator, self._pair_by, lambda: navigator.remove(layer))
        navigator.push(layer)

    # What it does.

    def _pair_by(self, text: "PairingText") -> None:
        """Do what a QR code says: it comes from the server's own screen."""
        from iot_facerecognition_protocol.pairing.code import PairingCode

        try:
            server = ServerAddress(text.host, text.port)
        except ValueError as error:
            self._objected(str(error))
            return
        if text.code:
            self._pair(server, PairingCode(text.code), text.fingerprint)
        else:
            self._keep(server, text.token, text.fingerprint)

    def _pair(self, server: ServerAddress, code: "PairingCode", fingerprint: str | None) -> None:
        self._busy(f"pairing with {server}")
        self._appliance.introduction.pair(server, code, fingerprint, self._answered)

    def _connect(self) -> None:
        """Look at the certificate first where a fingerprint is what the server is trusted by."""
        wanted = self._wanted
        if not wanted.address:
            self._objected("the server's address is missing: tap “Address” and write it")
            return
        server = ServerAddress(wanted.address, wanted.port)
        if self._appliance.settings.connection.tls_mode != "fingerprint":
            self._keep(server, wanted.token, None)
            return
        self._busy(f"looking at the certificate of {server}")
        self._appliance.introduction.look(server, lambda shown: self._looked(server, shown))

    def _looked(self, server: ServerAddress, shown: Shown | Declined) -> None:
        """Connect to a server whose certificate is the pinned one; ask about any other."""
        if not self._open:
            return
        if isinstance(shown, Declined):
            self._objected(shown.reason)
            return
        before = self._appliance.settings.connection.fingerprint
        token, fingerprint = self._wanted.token, shown.fingerprint
        if fingerprint == before:
            self._keep(server, token, None)
            return
        from iot_facerecognition_edge.views.certificate import CertificatePopup

        self._idle()
        navigator = self._navigator
        layer = CertificatePopup(
            self.look,
            str(server),
            fingerprint,
            before,
            on_yes=lambda: self._keep(server, token, fingerprint),
            on_close=lambda: navigator.remove(layer),
        )
        navigator.push(layer)

    def _keep(self, server: ServerAddress, token: str | None, fingerprint: str | None) -> None:
        refusal = self._navigator.attempt(
            lambda: self._appliance.connect(server.host, server.port, token, fingerprint)
        )
        if refusal is None:
            self._navigator.remove(self)
        else:
            self._objected(refusal)

    def _answered(self, paired: "Paired | Declined") -> None:
        if not self._open:
            return
        if isinstance(paired, Declined):
            self._objected(paired.reason)
        else:
            self._navigator.remove(self)

    def _busy(self, words: str) -> None:
        """Say what is being done; nothing else can be begun meanwhile."""
        for button in self._buttons():
            button.enabled = False
        self._say(f"{words} …", self.look.colours.text)

    def _idle(self) -> None:
        for button in self._buttons():
            button.enabled = True
        self._say("", self.look.colours.dim)

    def _objected(self, words: str) -> None:
        self._idle()
        self._say(with_labels(words), self.look.colours.error)

    def _buttons(self) -> tuple[Button, ...]:
        return self.scan, self.code, self.go

    def _say(self, words: str, colour: Rgb) -> None:
        self.state.say(words, colour)
        self.arrange()
        self._pane.scroll_to(0)
        self.changed()

    def _disconnect(self) -> None:
        self._navigator.remove(self)
        self._appliance.disconnect()


_RESTING = {State.DISCONNECTED, State.NOT_SET_UP}
_WELCOME = "Scan or type the code that the server's pair NAME shows, or write address and token."
