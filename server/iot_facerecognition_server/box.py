"""Rectangles in a frame."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of a frame, with fractions; it may reach beyond the frame."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, across: float, down: float, side: float) -> Self:
        """Return a square of `side` pixels whose centre is at (`across`, `down`)."""
        half = side / 2
        return cls(across - half, down - half, across + half, down + half)

    @property
    def centre(self) -> tuple[float, float]:
        """Where its middle is, across and down."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    def overlap(self, other: Self) -> float:
        """Return intersection over union, 0 to 1."""
        shared = self._shared(other)
        return shared / (self.area + other.area - shared)

    def covered(self, other: Self) -> float:
        """Return how much of the smaller of both is within the other, 0 to 1."""
        return self._shared(other) / min(self.area, other.area)

    def _shared(self, other: Self) -> float:
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def grown(self, pixels: float) -> Self:
        """Return it with `pixels` more on every side."""
        return type(self)(
            self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels
        )
