"""What this is, which version, and how the device is doing."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `View`, told there

import platform
from collections.abc import Iterator, Sequence

import pygame

from iot_facerecognition_edge.machine.addresses import OwnAddress
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.controls import Panel, Paragraph
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.view import Navigator, View

_INTERVAL = 5.0
_ABOUT = (
    "Finds and names faces and objects in what the camera sees. The recognition is done by a"
    " server of your own; no face leaves your network."
)
_LICENCE = (
    "Free software under the GNU Affero General Public License, version 3 or later, without any"
    " warranty. Its source code comes with it."
)


class AboutView(View):
    """Three cards of text, and a table of the device's health."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator, "About")
        look = self.look
        self._pane = self.add(ScrollPane(look, look.colours.background, self._lay_out))
        self._card = self._pane.add(Panel(look, look.colours.surface, look.metrics.radius))
        fill = look.colours.surface
        version = f"IoT Face Recognition {self.appliance.version}"
        self._name = self._card.add(Paragraph(look, version, fill, style=Style.BOLD))
        self._words = self._card.add(Paragraph(look, _ABOUT, fill))
        self.facts = self._card.add(_Facts(navigator))
        self._licence = self._card.add(
            Paragraph(look, _LICENCE, fill, colour=look.colours.dim, style=Style.SMALL)
        )
        self._looked_at: float | None = None

    def arrange(self) -> None:
        self._pane.place(self.header())

    def _lay_out(self, area: pygame.Rect) -> int:
        gap = self.look.metrics.gap
        width = min(area.width - 2 * gap, self.look.metrics.px(640))
        left = area.x + (area.width - width) // 2
        inner = width - 4 * gap
        top = area.y
        y = top + 2 * gap
        places = []
        for widget in (self._name, self._words, self.facts, self._licence):
            height = widget.height(inner)
            places.append((widget, pygame.Rect(left + 2 * gap, y, inner, height)))
            y += height + gap + gap // 2
        self._card.place(pygame.Rect(left, top, width, y + gap // 2 - top))
        for widget, place in places:
            widget.place(place)
        return y + gap - area.y

    def advance(self, now: float) -> float | None:
        if self._looked_at is None or now >= self._looked_at + _INTERVAL:
            self._looked_at = now
            if self.facts.refresh():
                self._pane.place(self._pane.rect)
                self._pane.changed()
        return self._looked_at + _INTERVAL


class _Facts(Widget):
    """Names and values in two columns."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator.look)
        self._appliance = navigator.appliance
        self.rows = list(self._read())

    def refresh(self) -> bool:
        """Take the newest values; return whether they differ from those before."""
        rows = list(self._read())
        if rows == self.rows:
            return False
        self.rows = rows
        self.changed()
        return True

    def _read(self) -> Iterator[tuple[str, str]]:
        appliance, health = self._appliance, self._appliance.health
        yield "Version", appliance.version
        yield "Address", _addresses(appliance.addresses)
        yield "Server", appliance.connection.server or "none"
        yield "Network", appliance.network.text or "unknown"
        camera = appliance.camera.capabilities
        words = with_labels(appliance.camera.text)
        yield "Camera", camera.name if camera else words or "off"
        yield "Temperature", _known(health.cpu_temperature, "{:.0f} °C")
        yield "Free memory", _known(health.memory_free, "{:.0f} MB", 1e-6)
        yield "Running for", _duration(health.uptime)
        yield "Power", _power(health.throttled)
        yield "Screen", "{} x {}".format(*self.look.size)
        yield "Python", platform.python_version()

    def height(self, width: int) -> int:
        """Return the height of all rows."""
        return sum(len(lines) for _, lines in self._broken(width)) * self._step()

    def _names_width(self) -> int:
        widest = max(self.look.type.width(name, Style.BODY) for name, _ in self.rows)
        return widest + 2 * self.look.metrics.gap

    def _broken(self, width: int) -> list[tuple[str, list[str]]]:
        """Return the names, and the values in lines for a table of this width."""
        kind = self.look.type
        font, room = kind.font(Style.BODY), width - self._names_width()
        return [(name, kind.wrap(value, font, room)) for name, value in self.rows]

    def _step(self) -> int:
        return self.look.type.height(Style.BODY) + self.look.metrics.gap // 2

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours, step = self.look, self.look.colours, self._step()
        half = self._names_width()
        line = pygame.Rect(self.rect.x + half, self.rect.y, self.rect.width - half, step)
        for name, values in self._broken(self.rect.width):
            place = pygame.Rect(self.rect.x, line.y, half, step)
            look.text(canvas, name, place, (colours.dim, colours.surface))
            for value in values:
                look.text(canvas, value, line, (colours.text, colours.surface))
                line.y += step


def _addresses(addresses: Sequence[OwnAddress]) -> str:
    """Return the addresses, a line each, with the interface that has it."""
    lines = [f"{own.address} ({own.interface})" for own in addresses]
    return "\n".join(lines) or "none: not in a network"


def _known(value: float | None, form: str, factor: float = 1.0) -> str:
    return "unknown" if value is None else form.format(value * factor)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes, _ = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"


def _power(throttled: int | None) -> str:
    """Return the present bits of `vcgencmd get_throttled` in words."""
    if throttled is None:
        return "unknown"
    words = [
        word
        for bit, word in ((1, "too little voltage"), (2, "clock reduced"), (4, "throttled"))
        if throttled & bit
    ]
    return ", ".join(words) or "good"
