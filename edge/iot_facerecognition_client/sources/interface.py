"""What every source of frames does."""

from typing import Protocol

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_protocol.records import dataclass


class SourceError(Exception):
    """A source cannot deliver; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """One JPEG: when it was taken (monotonic seconds), its number from 0, and its pixels.

    `view` is another number wherever the picture jumps: with the next photo of a folder.
    """

    jpeg: bytes
    captured: float
    index: int
    size: tuple[int, int]
    """Width and height."""
    view: int = 0

    @property
    def scene(self) -> Scene:
        """What it shows."""
        return Scene(self.view, self.size)


class FrameSource(Protocol):
    """Delivers frames at its own pace.

    One thread calls `next_frame` until it gives None; any thread may call `stop`. After `stop`, or
    at the end, the source may be started again: a camera opens again, files go on where they were.
    """

    @property
    def size(self) -> tuple[int, int]:
        """Largest width and height of its frames."""

    def start(self) -> None:
        """Make ready. Raises SourceError."""

    def next_frame(self) -> SourceFrame | None:
        """Wait for the next frame; None at the end or after `stop`. Raises SourceError."""

    def stop(self) -> None:
        """Let `next_frame` return None soon."""
