"""Which screen an appliance gets: by its setting, or the best that is there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from iot_facerecognition_edge.screens.calibration import Calibration
from iot_facerecognition_edge.screens.interface import Screen, ScreenError
from iot_facerecognition_edge.screens.lean import load_pygame

if TYPE_CHECKING:
    from iot_facerecognition_edge.screens.drm import Plane
    from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen
    from iot_facerecognition_edge.settings import Settings

DEFAULT_WINDOW = (800, 480)
"""The size of Raspberry Pi's own touch display."""
_SPECIFICATION = re.compile(
    r"(auto|drm|(?:drm|framebuffer)(?::(?P<path>/\S+))?|window(?::(?P<size>\d+x\d+))?)"
)
_LEAST, _MOST = 240, 4096


def automatic_kind(environment: Mapping[str, str], devices: Path = Path("/dev")) -> str:
    """Return `window` on a desktop, `drm` or `framebuffer` on a machine with `/dev/fb0`.

    `drm` is a framebuffer that also uses a hardware preview when the camera has one, so it is the
    choice wherever a display controller stands behind the framebuffer (`/dev/dri/card*`).
    Raises ScreenError where there is neither desktop nor framebuffer.
    """
    if environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY"):
        return "window"
    if (devices / "fb0").exists():
        return "drm" if any(devices.glob("dri/card*")) else "framebuffer"
    raise ScreenError(
        f"there is no desktop and no {devices}/fb0: connect a display before starting, or run"
        " with --headless"
    )


def open_screen(
    spec: str,
    settings: Settings,
    *,
    plane: Callable[[], Plane | None],
    warned: Callable[[str], object],
) -> Screen:
    """Open the screen that `spec` names.

    `auto`; `framebuffer` or `drm`, each with `:/dev/fbN` where it is not fb0; `window` with
    `:WIDTHxHEIGHT` where it is not 800x480. Rotation and calibration come from the
    `settings`; `plane` returns the camera's hardware preview, where it has one, and `warned` gets
    sentences for people. Raises ScreenError when the name is wrong or the screen cannot be had.
    """
    match = _SPECIFICATION.fullmatch(spec)
    if match is None:
        raise ScreenError(
            f"screen {spec!r} is not known: use auto, framebuffer, framebuffer:/dev/fb1, drm,"
            " window or window:800x480"
        )
    kind = automatic_kind(os.environ) if spec == "auto" else spec.partition(":")[0]
    if kind == "window":
        return _open_window(match["size"])
    path = Path(match["path"] or "/dev/fb0")
    framebuffer = _open_framebuffer(path, settings, warned)
    if kind == "framebuffer":
        return framebuffer
    from iot_facerecognition_edge.screens.drm import DrmScreen  # noqa: PLC0415 - loads pygame

    return DrmScreen(framebuffer, plane)


def _open_window(size: str | None) -> Screen:
    load_pygame()
    from iot_facerecognition_edge.screens.window import WindowScreen  # noqa: PLC0415 - loads SDL

    width, height = DEFAULT_WINDOW
    if size:
        width, height = (int(part) for part in size.split("x"))
    if not all(_LEAST <= side <= _MOST for side in (width, height)):
        raise ScreenError(f"a window of {size} is not possible: {_LEAST} to {_MOST} pixels a side")
    return WindowScreen((width, height))


def _open_framebuffer(
    path: Path, settings: Settings, warned: Callable[[str], object]
) -> FramebufferScreen:
    load_pygame()
    from iot_facerecognition_edge.screens.framebuffer import (  # noqa: PLC0415 - loads pygame
        FramebufferScreen,
    )
    from iot_facerecognition_edge.screens.rotation import Rotation  # noqa: PLC0415 - same
    from iot_facerecognition_edge.screens.touch import find_touch  # noqa: PLC0415 - same

    rotation = Rotation(int(settings.display.rotation))
    calibration = Calibration.parse(settings.display.touch_calibration)
    touch = find_touch(calibration)
    if touch is None:
        warned("No touch panel was found under /dev/input: the screen only shows")
    return FramebufferScreen(path, rotation, touch)
