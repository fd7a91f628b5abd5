"""Sizes in pixels for a screen of a given size: large enough for fingers and an arm's length."""

from iot_facerecognition_protocol.records import dataclass

_REFERENCE_LONG, _REFERENCE_SHORT = 480, 320
"""The common 3.5 inch panel, for which the sizes below are made."""
_FULLY = 1.5
"""Up to this ratio to the reference everything grows with the screen."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """`target` is the least side of what is tapped, `gap` between things, `radius` of corners.

    `body`, `small` and `title` are heights of fonts; `line` is the width of a fine line,
    `slop` how far a finger may wander before a tap becomes a drag.
    """

    scale: float
    target: int
    gap: int
    radius: int
    body: int
    small: int
    title: int
    line: int
    slop: int

    def px(self, size: float) -> int:
        """Return a size of the 480x320 design in pixels of this screen, at least 1."""
        return max(1, round(size * self.scale))


def make_metrics(size: tuple[int, int]) -> Metrics:
    """Return the sizes for a screen of `size`, from 320x240 to 1920x1080 and either way up."""
    long, short = max(size), min(size)
    ratio = min(long / _REFERENCE_LONG, short / _REFERENCE_SHORT)
    # Larger screens are not held closer: a part of their pixels goes into more content.
    scale = max(0.75, min(ratio, _FULLY + (ratio - _FULLY) * 0.4))
    return Metrics(
        scale=scale,
        target=max(40, round(46 * scale)),
        gap=max(4, round(8 * scale)),
        radius=max(4, round(8 * scale)),
        body=max(13, round(17 * scale)),
        small=max(11, round(13 * scale)),
        title=max(16, round(20 * scale)),
        line=max(1, round(1.25 * scale)),
        slop=max(8, round(10 * scale)),
    )
