"""From what a touch panel measures to a place on it. Plain numbers, no I/O."""

import math
from collections.abc import Sequence
from typing import Self

from iot_facerecognition_edge.screens.interface import ScreenError
from iot_facerecognition_protocol.records import dataclass

_COEFFICIENTS = 6
_LEAST_POINTS = 3
_LEAST_DETERMINANT = 1e-6
MOST_RESIDUAL = 0.025
"""How far from its cross a touch may lie after the fit, as a part of the panel's side.

The fit over five crosses takes over most of one touch's error: 0.3 of it are left. So this refuses
a touch that misses its cross by a twelfth of the side, 4 mm on a 3.5 inch panel, and allows the
2 mm that a fingertip errs."""

Place = tuple[float, float]
"""Fractions from 0 to 1 across and down the panel."""


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
        if abs(calibration.determinant) < _LEAST_DETERMINANT:
            raise ScreenError(f"touch calibration {text!r} maps the whole panel to one line")
        return calibration

    @classmethod
    def fit(cls, measured: Sequence[Place], wanted: Sequence[Place]) -> Self:
        """Return the map that brings `measured` places nearest to the `wanted` ones.

        Least squares over three or more pairs. Raises ScreenError where the places do not tell both
        axes apart, or where one lies further than `MOST_RESIDUAL` from where it should be: then the
        touches were not on their crosses.
        """
        normal = [[0.0] * 3 for _ in range(3)]
        right = [[0.0] * 3 for _ in range(2)]
        for (x, y), aim in zip(measured, wanted, strict=True):
            row = (x, y, 1.0)
            for i in range(3):
                for j in range(3):
                    normal[i][j] += row[i] * row[j]
                for axis in range(2):
                    right[axis][i] += row[i] * aim[axis]
        if len(measured) < _LEAST_POINTS or abs(_determinant(normal)) < _LEAST_DETERMINANT:
            raise ScreenError("the touches lie on one line: touch each cross where it is")
        across, down = _solve(normal, right[0]), _solve(normal, right[1])
        found = cls(*across, *down)
        if abs(found.determinant) < _LEAST_DETERMINANT:
            raise ScreenError("the touches lie on one line: touch each cross where it is")
        if found.residual(measured, wanted) > MOST_RESIDUAL:
            raise ScreenError("the touches do not fit the crosses: touch each one in its middle")
        return found

    @property
    def determinant(self) -> float:
        """How much an area grows; 0 for a map that leaves only a line."""
        return self.a * self.e - self.b * self.d

    def residual(self, measured: Sequence[Place], wanted: Sequence[Place]) -> float:
        """Return the largest distance from where a place should be, as a part of the side."""
        pairs = zip(map(self._mapped, measured), wanted, strict=True)
        return max(math.dist(place, aim) for place, aim in pairs)

    def text(self) -> str:
        """Return the numbers as the setting has them; empty for the map that changes nothing."""
        numbers = (self.a, self.b, self.c, self.d, self.e, self.f)
        return "" if self == type(self)() else ",".join(f"{number:.5g}" for number in numbers)

    def apply(self, x: float, y: float) -> Place:
        """Return the place on the panel, kept within it; all are fractions from 0 to 1."""
        across, down = self._mapped((x, y))
        return min(1.0, max(0.0, across)), min(1.0, max(0.0, down))

    def _mapped(self, place: Place) -> Place:
        x, y = place
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f


def _determinant(m: Sequence[Sequence[float]]) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def _solve(m: Sequence[Sequence[float]], right: Sequence[float]) -> tuple[float, float, float]:
    """Return the solution of three equations by Cramer's rule."""
    whole = _determinant(m)
    parts = [
        _determinant([[right[i] if j == column else m[i][j] for j in range(3)] for i in range(3)])
        for column in range(3)
    ]
    return parts[0] / whole, parts[1] / whole, parts[2] / whole
