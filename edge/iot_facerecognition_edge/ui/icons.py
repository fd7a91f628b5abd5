"""Icons, drawn from a few strokes on a grid of 24 by 24 at any size and in any colour."""

import math
from collections.abc import Callable
from enum import Enum
from itertools import pairwise

import pygame

from iot_facerecognition_edge.ui.colours import Rgb
from iot_facerecognition_edge.ui.shapes import blank

GRID = 24
_FINE = 4
_KEPT = 96
Point = tuple[float, float]


class _Pen:
    """Draws in grid units with round ends."""

    def __init__(self, surface: pygame.Surface, colour: Rgb) -> None:
        self._surface = surface
        self._colour = colour
        self._unit = surface.get_width() / GRID

    def line(self, *points: Point, width: float = 2.2) -> None:
        """Stroke along `points`."""
        radius = max(1, round(width * self._unit / 2))
        for start, end in pairwise(points):
            self._segment(start, end, width / 2)
        for point in points:
            pygame.draw.circle(self._surface, self._colour, self._at(point), radius)

    def _segment(self, start: Point, end: Point, half: float) -> None:
        length = math.dist(start, end) or 1.0
        across = ((end[1] - start[1]) / length * half, (start[0] - end[0]) / length * half)
        self.fill(
            (start[0] + across[0], start[1] + across[1]),
            (end[0] + across[0], end[1] + across[1]),
            (end[0] - across[0], end[1] - across[1]),
            (start[0] - across[0], start[1] - across[1]),
        )

    def fill(self, *points: Point) -> None:
        """Fill a polygon."""
        pygame.draw.polygon(self._surface, self._colour, [self._at(point) for point in points])

    def arc(self, centre: Point, radius: float, start: float, end: float) -> None:
        """Stroke an arc; angles in degrees, clockwise from the right."""
        steps = max(6, int(abs(end - start) / 8))
        angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
        self.line(
            *((centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles)
        )

    def dot(self, centre: Point, radius: float, *, erase: bool = False) -> None:
        """Fill a circle, or cut it out."""
        colour = (*self._colour, 0) if erase else self._colour
        pygame.draw.circle(
            self._surface, colour, self._at(centre), max(1, round(radius * self._unit))
        )

    def box(self, x: float, y: float, width: float, height: float, radius: float = 1.5) -> None:
        """Fill a rectangle with round corners."""
        left, top = self._at((x, y))
        size = (round(width * self._unit), round(height * self._unit))
        pygame.draw.rect(
            self._surface,
            self._colour,
            pygame.Rect((left, top), size),
            border_radius=round(radius * self._unit),
        )

    def _at(self, point: Point) -> tuple[int, int]:
        return round(point[0] * self._unit), round(point[1] * self._unit)


def _camera(pen: _Pen) -> None:
    pen.box(2, 6.5, 20, 13.5, 2.5)
    pen.box(7.5, 3.5, 9, 5, 1.5)
    pen.dot((12, 13), 4.6, erase=True)
    pen.dot((12, 13), 2.6)


def _logs(pen: _Pen) -> None:
    for y in (6, 12, 18):
        pen.dot((4, y), 1.5)
        pen.line((9, y), (21, y))


def _settings(pen: _Pen) -> None:
    for y, knob in ((6, 15.5), (12, 8), (18, 13.5)):
        pen.line((3, y), (knob - 3.4, y))
        pen.line((knob + 3.4, y), (21, y))
        pen.arc((knob, y), 2.3, 0, 360)


def _message(pen: _Pen) -> None:
    pen.box(2, 4, 20, 13.5, 3)
    pen.fill((6, 16), (13, 16), (6, 22))
    for x in (7.5, 12, 16.5):
        pen.dot((x, 10.8), 1.4, erase=True)


def _chart(pen: _Pen) -> None:
    pen.line((3, 3), (3, 21), (21, 21))
    pen.line((7, 15.5), (11, 10.5), (14.5, 13.5), (20.5, 5.5))


def _about(pen: _Pen) -> None:
    pen.arc((12, 12), 9.2, 0, 360)
    pen.dot((12, 7.6), 1.5)
    pen.line((12, 11.8), (12, 17))


def _power(pen: _Pen) -> None:
    pen.arc((12, 13), 8, -55, 235)
    pen.line((12, 3), (12, 11.5))


def _back(pen: _Pen) -> None:
    pen.line((21, 12), (4, 12))
    pen.line((10.5, 5), (3.6, 12), (10.5, 19))


def _close(pen: _Pen) -> None:
    pen.line((5, 5), (19, 19))
    pen.line((19, 5), (5, 19))


def _check(pen: _Pen) -> None:
    pen.line((4, 12.8), (9.6, 18.4), (20, 6.6), width=2.6)


def _plus(pen: _Pen) -> None:
    pen.line((12, 4.5), (12, 19.5))
    pen.line((4.5, 12), (19.5, 12))


def _minus(pen: _Pen) -> None:
    pen.line((4.5, 12), (19.5, 12))


def _backspace(pen: _Pen) -> None:
    pen.line((8, 5), (21.5, 5), (21.5, 19), (8, 19), (2.5, 12), (8, 5))
    pen.line((11.5, 9), (17, 15))
    pen.line((17, 9), (11.5, 15))


def _shift(pen: _Pen) -> None:
    pen.line((12, 3.5), (20, 12), (15.5, 12), (15.5, 20), (8.5, 20), (8.5, 12), (4, 12), (12, 3.5))


def _capitals(pen: _Pen) -> None:
    pen.fill((12, 2.5), (21.5, 13), (16, 13), (16, 21), (8, 21), (8, 13), (2.5, 13))


def _enter(pen: _Pen) -> None:
    pen.line((20, 5), (20, 13.5), (4.5, 13.5))
    pen.line((9.5, 8.5), (4.2, 13.5), (9.5, 18.5))


def _next(pen: _Pen) -> None:
    pen.line((9, 5), (16, 12), (9, 19))


def _previous(pen: _Pen) -> None:
    pen.line((15, 5), (8, 12), (15, 19))


def _reset(pen: _Pen) -> None:
    pen.arc((12, 12.5), 8, -60, 225)
    pen.fill((13.2, 1.2), (13.2, 10), (20.6, 5.4))


def _trash(pen: _Pen) -> None:
    pen.line((4, 6.5), (20, 6.5))
    pen.line((9, 6), (9.6, 3.4), (14.4, 3.4), (15, 6))
    pen.line((6, 7), (7, 21), (17, 21), (18, 7))


def _save(pen: _Pen) -> None:
    pen.line((12, 3), (12, 14.5))
    pen.line((7, 10), (12, 15), (17, 10))
    pen.line((4, 16), (4, 20.5), (20, 20.5), (20, 16))


def _adjust(pen: _Pen) -> None:
    pen.dot((12, 12), 4.4)
    for turn in range(8):
        across, down = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
        pen.line((12 + 7.6 * across, 12 + 7.6 * down), (12 + 10 * across, 12 + 10 * down))


class Icon(Enum):
    """The icons, each with the strokes that make it."""

    CAMERA = (_camera,)
    LOGS = (_logs,)
    SETTINGS = (_settings,)
    MESSAGE = (_message,)
    CHART = (_chart,)
    ABOUT = (_about,)
    POWER = (_power,)
    BACK = (_back,)
    CLOSE = (_close,)
    CHECK = (_check,)
    PLUS = (_plus,)
    MINUS = (_minus,)
    BACKSPACE = (_backspace,)
    SHIFT = (_shift,)
    CAPITALS = (_capitals,)
    ENTER = (_enter,)
    NEXT = (_next,)
    PREVIOUS = (_previous,)
    RESET = (_reset,)
    TRASH = (_trash,)
    SAVE = (_save,)
    ADJUST = (_adjust,)

    @property
    def strokes(self) -> Callable[[_Pen], None]:
        """What draws it."""
        strokes: Callable[[_Pen], None] = self.value[0]
        return strokes


class Icons:
    """Draws icons, and keeps what was drawn."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[Icon, int, Rgb], pygame.Surface] = {}

    def draw(self, canvas: pygame.Surface, icon: Icon, area: pygame.Rect, colour: Rgb) -> None:
        """Draw `icon` in the middle of `area`, as large as its shorter side."""
        side = min(area.size)
        picture = self._picture(icon, side, colour)
        place = picture.get_rect(center=area.center)
        canvas.blit(picture, place, None, pygame.BLEND_ALPHA_SDL2)

    def _picture(self, icon: Icon, side: int, colour: Rgb) -> pygame.Surface:
        key = (icon, side, colour)
        if key not in self._drawn:
            if len(self._drawn) >= _KEPT:
                del self._drawn[next(iter(self._drawn))]
            fine = blank(side * _FINE, colour)
            icon.strokes(_Pen(fine, colour))
            self._drawn[key] = pygame.transform.smoothscale(fine, (side, side))
        return self._drawn[key]
