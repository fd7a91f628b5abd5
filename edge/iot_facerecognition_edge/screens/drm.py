"""A framebuffer whose camera view comes from a hardware plane: no decoding, no copy of the picture.

Menus go to the framebuffer as ever. While the camera view is open, picamera2's DRM preview lays the
camera's buffers over it, and what the views draw in that area goes to the preview's own overlay,
as RGBA, only when it changed. Nothing outside that area changes.
"""

# ruff: noqa: D102 - the methods are those of `Screen`, told there

from collections.abc import Callable, Sequence
from typing import Protocol

import pygame

from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen
from iot_facerecognition_edge.screens.interface import ScreenEvent
from iot_facerecognition_edge.screens.rotation import Rotation
from iot_facerecognition_edge.screens.touch import TurnedTouch

_RGBA = (0x000000FF, 0x0000FF00, 0x00FF0000, 0xFF000000)
"""Masks of a little-endian pixel whose bytes are red, green, blue, alpha."""


class Plane(Protocol):
    """The camera's hardware preview, as `cameras.PreviewPlane` offers it."""

    def show(self, x: int, y: int, width: int, height: int) -> None:
        """Lay the camera's picture over this area of the panel."""

    def hide(self) -> None:
        """Take it away."""

    def overlay(self, rgba: bytes | None, width: int, height: int) -> None:
        """Lay these pixels over the picture; None takes them away."""


class DrmScreen:
    """`framebuffer` with the plane that `plane` returns while a camera with one runs."""

    def __init__(self, framebuffer: FramebufferScreen, plane: Callable[[], Plane | None]) -> None:
        self._framebuffer = framebuffer
        self._find_plane = plane
        self._plane: Plane | None = None
        self._area = pygame.Rect(0, 0, 0, 0)
        self._canvas = pygame.Surface(framebuffer.size, pygame.SRCALPHA, 32, _RGBA)
        self._canvas.fill((0, 0, 0, 255))

    @property
    def size(self) -> tuple[int, int]:
        return self._framebuffer.size

    @property
    def canvas(self) -> pygame.Surface:
        return self._canvas

    def present(self, rects: Sequence[pygame.Rect]) -> None:
        # Blending would read every pixel beneath; alpha matters to the overlay alone.
        self._canvas.set_alpha(None)
        for rect in rects:
            self._framebuffer.canvas.blit(self._canvas, rect, rect)
        self._framebuffer.present(rects)
        if self._plane is not None and any(map(self._area.colliderect, rects)):
            part = self._canvas.subsurface(self._area)
            self._plane.overlay(pygame.image.tostring(part, "RGBA"), *self._area.size)

    def events(self) -> list[ScreenEvent]:
        return self._framebuffer.events()

    def descriptors(self) -> Sequence[int]:
        return self._framebuffer.descriptors()

    @property
    def touchable(self) -> bool:
        return self._framebuffer.touchable

    @property
    def touch(self) -> TurnedTouch | None:
        return self._framebuffer.touch

    def open_plane(self, area: pygame.Rect) -> bool:
        plane = self._find_plane()
        # The plane knows no rotation by a quarter; the views draw the picture themselves then.
        if plane is None or self._framebuffer.rotation is not Rotation.NONE:
            return False
        if plane is not self._plane or area != self._area:
            plane.show(area.x, area.y, area.width, area.height)
            self._plane, self._area = plane, pygame.Rect(area)
        return True

    def close_plane(self) -> None:
        if self._plane is not None:
            self._plane.overlay(None, *self._area.size)
            self._plane.hide()
            self._plane = None

    def close(self) -> None:
        self.close_plane()
        self._framebuffer.close()
