"""From what a touch panel measures to a place on it. Plain numbers, no I/O."""

import math
from typing import Self

from iot_facerecognition_edge.screens.interface import ScreenError
from iot_facerecognition_protocol.records import dataclass

_COEFFICIENTS = 6


@dataclass(frozen=True, slots=True)
class Calibration:
    """An affine map of the panel's fractions: x' = a·x + b·y + c, y' = d·x + e·y + f.

    It covers swapped axes, mirrored ones and an offset, as libinput's calibration matrix does, with
    the same six numbers in the same order.
    """

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read six numbers separated by commas or spaces; an empty text changes nothing.

        Raises ScreenError for anything else, and for numbers that map the panel to a line.
        """
        words = text.replace(",", " ").split()
        if not words:
            return cls()
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            numbers = []
        if len(numbers) != _COEFFICIENTS or not all(map(math.isfinite, numbers)):
            raise ScreenError(
                f"touch calibration {text!r} is not six numbers 'a b c d e f'; '1 0 0 0 1 0'"
                " changes nothing, '0 1 0 1 0 0' swaps the axes, '-1 0 1 0 1 0' mirrors x"
            )
        calibration = cls(*numbers)
        if abs(calibration.a * calibration.e - calibration.b * calibration.d) < 1e-6:  # noqa: PLR2004
            raise ScreenError(f"touch calibration {text!r} maps the whole panel to one line")
        return calibration

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Return the place on the panel, kept within it; all are fractions from 0 to 1."""
        return (
            min(1.0, max(0.0, self.a * x + self.b * y + self.c)),
            min(1.0, max(0.0, self.d * x + self.e * y + self.f)),
        )
