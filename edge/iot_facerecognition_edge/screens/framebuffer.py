"""The Linux framebuffer as a screen: pygame draws in memory, changed rectangles are copied.

The canvas has the framebuffer's own pixel format, so pygame's blitters do the conversion while they
draw, and showing a rectangle is a copy of rows, turned before where the panel is. That needs no
numpy, whose import alone takes seconds on a Zero W.
"""

# ruff: noqa: D102 - the methods are those of `Screen`, told there

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pygame

from iot_facerecognition_edge.screens.fbinfo import FramebufferInfo, read_info
from iot_facerecognition_edge.screens.headless import prepare_drawing
from iot_facerecognition_edge.screens.interface import ScreenError, ScreenEvent
from iot_facerecognition_edge.screens.rotation import Rotation
from iot_facerecognition_edge.screens.touch import TouchPanel, TurnedTouch

if TYPE_CHECKING:
    from typing_extensions import Buffer


class FramebufferScreen:
    """Shows its canvas on `/dev/fbN`; touches come from `touch`, where there is one."""

    def __init__(
        self,
        path: Path,
        rotation: Rotation = Rotation.NONE,
        touch: TouchPanel | None = None,
        info_of: Callable[[int], FramebufferInfo] = read_info,
    ) -> None:
        """Open and map the device. `info_of` asks the open device for its format.

        Raises ScreenError where the device is missing, not permitted, or has an unserved format.
        """
        self._touch = touch
        self._rotation = rotation
        self._info, self._map = _open(path, info_of)
        prepare_drawing()
        self._size = rotation.canvas_size((self._info.width, self._info.height))
        # A format with alpha bits is drawn with them: pixels without would not be seen.
        flags = pygame.SRCALPHA if self._info.opaque else 0
        masks = (*self._info.masks, self._info.opaque)
        try:
            self._canvas = pygame.Surface(self._size, flags, self._info.bits, masks)
        except (ValueError, pygame.error) as error:
            shown = ", ".join(f"{mask:#x}" for mask in masks)
            raise ScreenError(
                f"{path} has a pixel format that cannot be drawn ({self._info.bits} bits, red,"
                f" green, blue, alpha {shown}): {error}; choose RGB565 or XRGB8888 in the driver"
            ) from error
        self._canvas.fill((0, 0, 0))

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def canvas(self) -> pygame.Surface:
        return self._canvas

    @property
    def rotation(self) -> Rotation:
        """How the panel is mounted."""
        return self._rotation

    def present(self, rects: Sequence[pygame.Rect]) -> None:
        if not rects:
            return
        if not self._rotation:
            with memoryview(_bytes_of(self._canvas)) as pixels:
                for rect in rects:
                    self._copy(pixels, self._canvas.get_pitch(), rect, rect.topleft)
            return
        for rect in rects:
            part = self._canvas.subsurface(rect)
            turned = pygame.transform.rotate(part, -self._rotation)
            place = self._rotation.on_panel(rect, self._size)
            with memoryview(_bytes_of(turned)) as pixels:
                self._copy(pixels, turned.get_pitch(), place, (0, 0))

    def _copy(
        self, pixels: memoryview, pitch: int, place: pygame.Rect, source: tuple[int, int]
    ) -> None:
        """Copy a rectangle of rows of `pitch` bytes, from (x, y) `source` on, to `place`."""
        pixel = self._info.bits // 8
        stride = self._info.stride
        target = self._info.offset + place.y * stride + place.x * pixel
        origin = source[1] * pitch + source[0] * pixel
        width = place.width * pixel
        if pitch == stride and place.width * 2 > self._info.width:
            # One copy of everything between the first and the last pixel: what lies next to the
            # rectangle is copied too, as it was shown before, and costs less than a loop.
            length = (place.height - 1) * stride + width
            self._map[target : target + length] = pixels[origin : origin + length]
            return
        for _ in range(place.height):
            self._map[target : target + width] = pixels[origin : origin + width]
            target += stride
            origin += pitch

    def events(self) -> list[ScreenEvent]:
        if self._touch is None:
            return []
        return list(self._touch.pointers(self._size, self._rotation))

    def descriptors(self) -> Sequence[int]:
        return () if self._touch is None else (self._touch.descriptor,)

    @property
    def touchable(self) -> bool:
        return self._touch is not None

    @property
    def touch(self) -> TurnedTouch | None:
        return None if self._touch is None else TurnedTouch(self._touch, self._rotation)

    def open_plane(self, area: pygame.Rect) -> bool:  # noqa: ARG002 - the interface's
        return False

    def close_plane(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        if self._touch is not None:
            self._touch.close()
        self._map.close()


def _bytes_of(surface: pygame.Surface) -> Buffer:
    """Return the surface's pixels, rows of its pitch; the surface is locked while it is used."""
    return cast("Buffer", surface.get_buffer())


def _open(
    path: Path, info_of: Callable[[int], FramebufferInfo]
) -> tuple[FramebufferInfo, mmap.mmap]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise ScreenError(
            f"framebuffer {path} cannot be opened: {error.strerror}; is a display configured, and"
            " is the user in the group 'video'?"
        ) from error
    try:
        info = info_of(descriptor)
        # The pages stay mapped after the descriptor is closed.
        return info, mmap.mmap(descriptor, info.length)
    except (OSError, ValueError) as error:
        raise ScreenError(f"{path} is no framebuffer that can be mapped: {error}") from error
    finally:
        os.close(descriptor)
