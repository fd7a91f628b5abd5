"""Screens: a canvas to draw on, the means to show it, and what fingers do on it.

- `interface`: the `Screen` that the views know, and the events it gives.
- `framebuffer`: `/dev/fbN`, 16 and 32 bits, any stride, turned panels; `fbinfo` asks the kernel.
- `drm`: the framebuffer, with the camera on a plane of the display hardware.
- `window`: a window on a desktop.
- `memory`: none at all, for tests and pictures of the views.
- `touch`, `calibration`, `rotation`: from a finger on a panel to a place on the canvas.
- `backlight`: the light behind a panel, turned down and up.
- `lean`: pygame, without the parts that draw nothing.
- `choose`: which of them an appliance gets.
"""

from iot_facerecognition_edge.screens.choose import open_screen
from iot_facerecognition_edge.screens.interface import Screen, ScreenError

__all__ = ["Screen", "ScreenError", "open_screen"]
