"""A plate over the camera's picture for as long as there is no server: nothing is recognised."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.ui.colours import mix
from iot_facerecognition_edge.ui.controls import Pressable
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.main import MORE, connection_words, state_colour
from iot_facerecognition_edge.views.picture import Plate


class LinkPlate(Pressable):
    """Says how the connection is and why; a tap leads to where that can be changed."""

    def __init__(self, look: Look, on_press: Callable[[], None]) -> None:
        super().__init__(look, on_press)
        self._connection = Status(State.CONNECTED, "", server="")
        self._room = pygame.Rect(0, 0, 0, 0)
        self.lines: tuple[str, ...] = ()
        """What is shown under the state, line by line."""
        self.visible = False
        self.kept = True

    def show(self, connection: Status, room: pygame.Rect) -> None:
        """Show `connection` at the top of `room`, or nothing while there is one."""
        if (connection, room) == (self._connection, self._room):
            return
        self._connection, self._room = connection, pygame.Rect(room)
        self.visible = connection.state is not State.CONNECTED
        if not self.visible:
            return
        look, gap = self.look, self.look.metrics.gap
        width = min(room.width, look.metrics.px(440))
        font, low = look.type.font(Style.SMALL), look.type.height(Style.SMALL)
        lines = look.type.wrap(connection_words(connection), font, width - 4 * gap)
        most = max(1, (room.height - look.type.height(Style.BOLD) - 2 * gap) // low)
        if len(lines) > most:
            lines = [*lines[: most - 1], MORE]
        height = look.type.height(Style.BOLD) + len(lines) * low + 2 * gap
        place = pygame.Rect(0, room.y, width, max(height, look.metrics.target))
        place.centerx = room.centerx
        self.lines = tuple(lines)
        self.changed()
        self.place(place)

    def draw(self, canvas: pygame.Surface) -> None:
        look, gap = self.look, self.look.metrics.gap
        fill = mix(Plate.FILL, Plate.FRONT, 0.2) if self.pressed else Plate.FILL
        mark = state_colour(self._connection.state, look.colours)
        shape = (look.metrics.radius, max(2, look.metrics.line))
        look.shapes.framed(canvas, self.rect, (fill, mark), shape)
        high, low = look.type.height(Style.BOLD), look.type.height(Style.SMALL)
        ink = (Plate.FRONT, fill)
        line = pygame.Rect(
            self.rect.x + 2 * gap, self.rect.y + gap, self.rect.width - 4 * gap, high
        )
        title = f"No recognition: {self._connection.state}"
        look.text(canvas, title, line, ink, style=Style.BOLD, shrink=True)
        line.y, line.height = line.bottom, low
        for text in self.lines:
            look.text(canvas, text, line, ink, style=Style.SMALL)
            line.y += low
