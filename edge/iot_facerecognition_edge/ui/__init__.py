"""A small retained toolkit for touch screens, drawn with pygame, redrawing only what changed.

- `colours`, `metrics`, `typeface`, `shapes`, `icons`: how things look; `look` holds them all.
- `widget`: the tree; `stage`: its layers, what is dirty, whose a finger is.
- `controls`, `slider`, `scroll`, `keyboard`: what is tapped and dragged.
- `entry`, `popup`, `toast`: pages and cards above the others.
- `plot`, `charts`: where a chart's points lie, and their drawing.
- `loop`: the event loop between a screen and the views; `run` is its entrance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iot_facerecognition_edge.appliance import Appliance
    from iot_facerecognition_edge.screens.backlight import Backlight
    from iot_facerecognition_edge.screens.interface import Screen

__all__ = ["run"]


async def run(appliance: Appliance, screen: Screen, backlight: Backlight | None = None) -> None:
    """Show the views on `screen` until the appliance stops or the window is closed."""
    from iot_facerecognition_edge.ui.loop import run as show  # noqa: PLC0415 - views import ui

    await show(appliance, screen, backlight)
