"""The rectangle of both sides: of faces, search regions, crops, tiles, and what is measured on it.

Imported by those who use it, not with the package: the appliance starts without it.
"""

from typing import Self

from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of a picture, with fractions; it may reach beyond the picture.

    `left` and `top` are inside, `right` and `bottom` just outside.
    """

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, across: float, down: float, side: float) -> Self:
        """Return a square of `side` pixels whose centre is at (`across`, `down`)."""
        half = side / 2
        return cls(across - half, down - half, across + half, down + half)

    @classmethod
    def at(cls, left: float, top: float, width: float, height: float) -> Self:
        """Return a rectangle of this size whose upper left corner is at (`left`, `top`)."""
        return cls(left, top, left + width, top + height)

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

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of the part of a picture that it covers, for an array's index."""
        return (
            slice(max(0, int(self.top)), max(0, int(self.bottom))),
            slice(max(0, int(self.left)), max(0, int(self.right))),
        )

    def iou(self, other: "Box") -> float:
        """Return intersection over union, 0 to 1."""
        shared = self.shared(other)
        return shared / (self.area + other.area - shared) if shared else 0.0

    def covered(self, other: "Box") -> float:
        """Return how much of the smaller of both is within the other, 0 to 1."""
        return self.shared(other) / min(self.area, other.area)

    def shared(self, other: "Box") -> float:
        """Return the area of the intersection in square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0

    def grown(self, pixels: float) -> Self:
        """Return it with `pixels` more on every side."""
        return type(self)(
            self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels
        )

    def moved(self, across: float, down: float) -> Self:
        """Return it so many pixels further right and down."""
        return type(self)(
            self.left + across, self.top + down, self.right + across, self.bottom + down
        )

    def scaled(self, across: float, down: float) -> Self:
        """Return it in a picture whose sides are `across` and `down` times as long."""
        return type(self)(
            self.left * across, self.top * down, self.right * across, self.bottom * down
        )

    def rounded(self) -> Self:
        """Return it in whole pixels."""
        return type(self)(round(self.left), round(self.top), round(self.right), round(self.bottom))
