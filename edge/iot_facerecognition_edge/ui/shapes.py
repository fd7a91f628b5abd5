"""Smooth shapes: filled areas are solid fills, only the few pixels of a round edge are blended."""

import pygame

from iot_facerecognition_edge.ui.colours import Rgb

_FINE = 4
"""How many times finer an edge is drawn before it is averaged."""
_KEPT = 128


class Shapes:
    """Draws round rectangles and discs, and keeps their edges."""

    def __init__(self) -> None:
        self._discs: dict[tuple[int, Rgb], pygame.Surface] = {}

    def box(self, canvas: pygame.Surface, rect: pygame.Rect, colour: Rgb, radius: int = 0) -> None:
        """Fill `rect` with `colour`, its corners rounded by `radius`."""
        radius = min(radius, rect.width // 2, rect.height // 2)
        if radius < 1:
            canvas.fill(colour, rect)
            return
        canvas.fill(colour, rect.inflate(0, -2 * radius))
        for top in (rect.top, rect.bottom - radius):
            canvas.fill(colour, (rect.x + radius, top, rect.width - 2 * radius, radius))
        disc = self._disc(radius, colour)
        for right in (0, 1):
            for bottom in (0, 1):
                place = (
                    rect.right - radius if right else rect.left,
                    rect.bottom - radius if bottom else rect.top,
                )
                part = (radius * right, radius * bottom, radius, radius)
                canvas.blit(disc, place, part, pygame.BLEND_ALPHA_SDL2)

    def framed(
        self,
        canvas: pygame.Surface,
        rect: pygame.Rect,
        colours: tuple[Rgb, Rgb],
        shape: tuple[int, int],
    ) -> None:
        """Fill `rect` with the first colour and frame it with the second, inside it.

        `shape` is the radius of the corners and the width of the frame.
        """
        fill, frame = colours
        radius, width = shape
        self.box(canvas, rect, frame, radius)
        self.box(canvas, rect.inflate(-2 * width, -2 * width), fill, max(0, radius - width))

    def disc(
        self, canvas: pygame.Surface, centre: tuple[int, int], radius: int, colour: Rgb
    ) -> None:
        """Fill a circle."""
        place = (centre[0] - radius, centre[1] - radius)
        canvas.blit(self._disc(radius, colour), place, None, pygame.BLEND_ALPHA_SDL2)

    def _disc(self, radius: int, colour: Rgb) -> pygame.Surface:
        key = (radius, colour)
        if key not in self._discs:
            if len(self._discs) >= _KEPT:
                del self._discs[next(iter(self._discs))]
            self._discs[key] = _smooth_disc(radius, colour)
        return self._discs[key]


def _smooth_disc(radius: int, colour: Rgb) -> pygame.Surface:
    fine = blank(2 * radius * _FINE, colour)
    pygame.draw.circle(fine, colour, (radius * _FINE, radius * _FINE), radius * _FINE)
    return pygame.transform.smoothscale(fine, (2 * radius, 2 * radius))


def blank(side: int, colour: Rgb) -> pygame.Surface:
    """Return a square of nothing that is averaged at its edges as `colour` becoming nothing."""
    surface = pygame.Surface((side, side), pygame.SRCALPHA, 32)
    surface.fill((*colour, 0))
    return surface
