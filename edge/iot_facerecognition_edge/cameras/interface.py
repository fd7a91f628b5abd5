"""What a camera is to the rest of the appliance."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol.records import dataclass


class PixelFormat(StrEnum):
    """How the pixels of a preview are stored."""

    GREY = "grey"
    """One byte a pixel."""
    BGRX = "bgrx"
    """Four bytes a pixel: blue, green, red, and one that means nothing.

    The one layout of colours that SDL turns into a framebuffer's 16 bits in a loop of its own."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One JPEG from the camera. `time` is the monotonic time at which it was taken, in seconds.

    `number` counts the pictures since the camera started, from 1; a gap is a picture that nobody
    fetched in time. `scene` is what it shows where that is not the camera's one scene of the size
    in its capabilities.
    """

    jpeg: bytes
    time: float
    number: int
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class PreviewImage:
    """A small upright picture for the screen: rows from the top without padding.

    `time` and `scene` are as in `Picture`.
    """

    width: int
    height: int
    format: PixelFormat
    pixels: bytes
    time: float
    scene: Scene | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a camera gives.

    `size` is the pixel size of its pictures when they are upright (photos may be smaller), `fps`
    their rate (0: as it comes), `controls` the names of the `camera.*` settings that it obeys, and
    `plane` whether the picture can be put on the screen without the processor. The pixels of the
    JPEGs are to be turned clockwise by `turn` degrees (0, 90, 180, 270), as these say themselves.
    `sizes` are the pixel sizes that `camera.width` and `camera.height` may ask for.
    """

    name: str
    size: tuple[int, int]
    fps: float
    controls: frozenset[str] = frozenset()
    plane: bool = False
    turn: int = 0
    sizes: tuple[tuple[int, int], ...] = ()


class PreviewPlane(Protocol):
    """A part of the screen that the camera fills by itself, with our drawing above it."""

    def show(self, x: int, y: int, width: int, height: int) -> None:
        """Put the picture there, in pixels of the screen."""

    def hide(self) -> None:
        """Take the picture off the screen."""

    def overlay(self, rgba: bytes | None, width: int, height: int) -> None:
        """Show `rgba` (four bytes a pixel, rows without padding) above the picture, or nothing."""


Arrived = Callable[[], None]
"""Called after each picture, on a thread of the camera's: must only hand over and return."""
Failed = Callable[[str], None]
"""Called once with the reason when a running camera gives up, on a thread of the camera's."""


class Camera(Protocol):
    """One camera.

    `start` and `stop` may block for a second or two and are called off the event loop, never two
    of them at once; the other methods return at once and may be called from any thread.
    """

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        """Begin to take pictures, with a preview of about that size if any. Raises CameraError."""

    def stop(self) -> None:
        """End it and give the device back. Does nothing where nothing runs."""

    @property
    def capabilities(self) -> Capabilities:
        """What the camera gives, as found out by `start`."""

    def newest(self) -> Picture | None:
        """Return the newest picture if it was not fetched yet."""

    def preview(self) -> PreviewImage | None:
        """Return the newest preview, None without one."""

    def apply(self, settings: Settings) -> tuple[str, ...]:
        """Let the controls follow `settings` while running.

        Returns a sentence for each setting that differs from its default and that this camera does
        not know.
        """

    @property
    def plane(self) -> PreviewPlane | None:
        """The hardware preview, where `capabilities` promise one."""
