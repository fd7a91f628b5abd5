"""The Linux framebuffer as a screen: pygame draws in memory, changed rectangles are copied.

The canvas has the framebuffer's own pixel format, so pygame's blitters do the conversion while they
draw, and showing a rectangle is a copy of rows (or of columns, on a turned panel).
"""

# ruff: noqa: D102 - the methods are those of `Screen`, told there

import mmap
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pygame

from iot_facerecognition_edge.screens.fbinfo import FramebufferInfo, read_info
from iot_facerecognition_edge.screens.headless import prepare_drawing
from iot_facerecognition_edge.screens.interface import ScreenError, ScreenEvent
from iot_facerecognition_edge.screens.rotation import Rotation
from iot_facerecognition_edge.screens.touch import TouchPanel


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
        kind = np.uint16 if self._info.bits == 16 else np.uint32  # noqa: PLR2004 - bits a pixel
        pixel = self._info.bits // 8
        # A view of the visible pixels in the mapped memory, one row per line of the panel.
        self._panel = np.ndarray(
            (self._info.height, self._info.width),
            dtype=kind,
            buffer=self._map,
            offset=self._info.offset,
            strides=(self._info.stride, pixel),
        )
        prepare_drawing()
        self._size = rotation.canvas_size((self._info.width, self._info.height))
        try:
            self._canvas = pygame.Surface(self._size, 0, self._info.bits, (*self._info.masks, 0))
        except (ValueError, pygame.error) as error:
            masks = ", ".join(f"{mask:#x}" for mask in self._info.masks)
            raise ScreenError(
                f"{path} has a pixel format that cannot be drawn ({self._info.bits} bits, red,"
                f" green, blue {masks}): {error}; choose RGB565 or XRGB8888 in the driver"
            ) from error

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
        drawn = pygame.surfarray.pixels2d(self._canvas).T
        for rect in rects:
            part = drawn[rect.y : rect.bottom, rect.x : rect.right]
            place = self._rotation.on_panel(rect, self._size)
            if self._rotation.turns:
                part = np.rot90(part, self._rotation.turns)
            target = self._panel[place.y : place.bottom, place.x : place.right]
            if self._info.opaque:
                np.bitwise_or(part, self._panel.dtype.type(self._info.opaque), out=target)
            else:
                target[...] = part

    def events(self) -> list[ScreenEvent]:
        if self._touch is None:
            return []
        return list(self._touch.pointers(self._size, self._rotation))

    def descriptors(self) -> Sequence[int]:
        return () if self._touch is None else (self._touch.descriptor,)

    def open_plane(self, area: pygame.Rect) -> bool:  # noqa: ARG002 - the interface's
        return False

    def close_plane(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        if self._touch is not None:
            self._touch.close()
        del self._panel
        self._map.close()


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
