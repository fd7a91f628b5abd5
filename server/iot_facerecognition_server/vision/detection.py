"""A face that a detector found."""

from dataclasses import dataclass, replace
from typing import Final, Self

from iot_facerecognition_server.box import Box

NATIVE_FACE_SIZE: Final = 80
"""Side in pixels of dlib's frontal face detector's window: the smallest face it finds."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face's rectangle in pixels of the picture, and the detector's confidence.

    `left` and `top` are inside, `right` and `bottom` just outside; all of them may lie beyond the
    picture's edge. `score` 0 is the detection threshold; a good frontal face has 1 to 3. `pose` is
    which of the HOG detector's classifiers has found it (`face_poses`), None where there are none.
    """

    left: int
    top: int
    right: int
    bottom: int
    score: float
    pose: int | None = None

    @property
    def box(self) -> Box:
        """Its rectangle."""
        return Box(self.left, self.top, self.right, self.bottom)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Area in pixels."""
        return self.width * self.height

    def scaled(self, across: float, down: float | None = None) -> Self:
        """Return it in a picture whose sides are `across` and `down` (the same) times as long."""
        vertical = across if down is None else down
        return replace(
            self,
            left=round(self.left * across),
            top=round(self.top * vertical),
            right=round(self.right * across),
            bottom=round(self.bottom * vertical),
        )
