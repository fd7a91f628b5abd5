"""What the views know of a screen: a canvas to draw on, what to show of it, and what fingers do.

A screen belongs to one thread, the one that draws. Importing this module loads no pygame.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_protocol.records import dataclass

if TYPE_CHECKING:
    import pygame

    from iot_facerecognition_edge.screens.calibration import Calibration


class ScreenError(EdgeError):
    """A screen or touch device that is missing, refused, or of a kind that cannot be served."""


class TouchPhase(Enum):
    """The stages of a touch."""

    DOWN = auto()
    MOVE = auto()
    UP = auto()


@dataclass(frozen=True, slots=True)
class Pointer:
    """One finger, or the mouse with its button held. `x` and `y` are in pixels of the canvas."""

    phase: TouchPhase
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel of a mouse: `steps` towards the user are negative."""

    x: int
    y: int
    steps: int


class Key(Enum):
    """The keys of a real keyboard that are not text."""

    ENTER = auto()
    BACKSPACE = auto()
    ESCAPE = auto()


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of a real keyboard went down, or repeated."""

    key: Key


@dataclass(frozen=True, slots=True)
class TypedText:
    """Characters from a real keyboard."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The window was closed."""


ScreenEvent = Pointer | Wheel | KeyPressed | TypedText | Closed


class Calibratable(Protocol):
    """A touch panel that measures places which a calibration maps to those of the display."""

    @property
    def measured(self) -> tuple[float, float] | None:
        """Where a finger last was, as fractions that are neither calibrated nor turned."""

    def calibrate(self, calibration: Calibration) -> None:
        """Map what is measured by `calibration` from now on."""

    def on_panel(self, u: float, v: float) -> tuple[float, float]:
        """Return the place on the panel of a place on the canvas; all are fractions from 0 to 1."""


class Screen(Protocol):
    """A display with its touch panel."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas in pixels, rotation included."""

    @property
    def canvas(self) -> pygame.Surface:
        """The surface to draw on, in the screen's own pixel format, so that showing it is a copy.

        What is drawn becomes visible with `present`, not before.
        """

    def present(self, rects: Sequence[pygame.Rect]) -> None:
        """Show these parts of the canvas; they lie within it. Raises ScreenError."""

    def events(self) -> list[ScreenEvent]:
        """Return what happened since the last call, oldest first. Never waits."""

    def descriptors(self) -> Sequence[int]:
        """Return the file descriptors that become readable with new events; none means: ask."""

    @property
    def touchable(self) -> bool:
        """Whether anything can be touched or clicked: a screen that only shows is never dimmed."""

    @property
    def touch(self) -> Calibratable | None:
        """The touch panel whose places can be calibrated; None for a mouse and for no panel."""

    def open_plane(self, area: pygame.Rect) -> bool:
        """Let the hardware show the camera in `area`, beneath the canvas; False where it cannot.

        While it does, what is drawn with alpha 0 there lets the camera's picture through.
        """

    def close_plane(self) -> None:
        """End `open_plane`; harmless when there is none."""

    def close(self) -> None:
        """Give the devices back."""
