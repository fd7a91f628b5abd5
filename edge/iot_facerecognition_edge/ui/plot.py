"""Where a chart's points, ticks and slices lie. Plain numbers: no canvas, no clock."""

import math
from collections.abc import Iterable, Sequence

from iot_facerecognition_protocol.records import dataclass

Pixel = tuple[float, float]

_STEPS = (1.0, 2.0, 5.0, 10.0)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from 0 to `high`, with a tick every `step`."""

    high: float
    step: float

    def ticks(self) -> list[float]:
        """Return the values of the ticks, 0 included."""
        return [self.step * index for index in range(round(self.high / self.step) + 1)]

    def label(self, value: float) -> str:
        """Return `value` with as many digits as the step asks for."""
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        if value >= 10_000:  # noqa: PLR2004 - five digits take too much room
            return f"{value / 1000:g}k"
        return f"{value:.{digits}f}"


def axis_for(values: Iterable[float], intervals: int = 4) -> Axis:
    """Return the axis from 0 that holds `values` with at most `intervals` round steps."""
    most = max(values, default=0.0)
    if not math.isfinite(most) or most <= 0.0:
        most = 1.0
    rough = most / max(1, intervals)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * (1 - 1e-9))
    return Axis(step * math.ceil(most / step - 1e-9), step)


@dataclass(frozen=True, slots=True)
class PlotArea:
    """The pixels that a line chart's points are drawn on; the axes lie on the left and below."""

    left: float
    top: float
    width: float
    height: float

    def y(self, value: float, axis: Axis) -> float:
        """Return the height of `value`."""
        return self.top + self.height * (1.0 - min(value, axis.high) / axis.high)

    def x(self, time: float, span: float) -> float:
        """Return the place of `time`, in seconds before now (negative), of `span` shown."""
        return self.left + self.width * (1.0 + time / span)


def polyline(
    points: Sequence[tuple[float, float]], span: float, axis: Axis, area: PlotArea
) -> list[Pixel]:
    """Return the pixels of a line through `points`, begun at the left edge where it crosses that.

    Points are (seconds relative to now, value), oldest first.
    """
    inside: list[tuple[float, float]] = []
    before: tuple[float, float] | None = None
    for time, value in points:
        if time < -span:
            before = (time, value)
            continue
        if before is not None and not inside and time > -span:
            share = (-span - before[0]) / (time - before[0])
            inside.append((-span, before[1] + (value - before[1]) * share))
        inside.append((time, value))
    return [(area.x(time, span), area.y(value, axis)) for time, value in inside]


def thinned(pixels: Sequence[Pixel], most: int) -> list[Pixel]:
    """Return at most about `most` of `pixels`: the lowest and the highest of each stretch.

    So a short peak in a long history stays to be seen.
    """
    if len(pixels) <= most:
        return list(pixels)
    length = math.ceil(2 * len(pixels) / most)
    kept: list[Pixel] = []
    for start in range(0, len(pixels), length):
        stretch = pixels[start : start + length]
        kept.extend(sorted({min(stretch, key=lambda p: p[1]), max(stretch, key=lambda p: p[1])}))
    return kept


def sectors(shares: Sequence[float]) -> list[tuple[float, float]]:
    """Return begin and end of each slice as angles in radians, clockwise from the top."""
    angles = []
    begin = -math.pi / 2
    for share in shares:
        end = begin + 2 * math.pi * share
        angles.append((begin, end))
        begin = end
    return angles


def sector_points(centre: Pixel, radius: float, begin: float, end: float) -> list[Pixel]:
    """Return the corners of a polygon that fills a sector."""
    steps = max(2, math.ceil((end - begin) / (math.pi / 60)))
    rim = (begin + (end - begin) * index / steps for index in range(steps + 1))
    return [
        centre,
        *(
            (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle))
            for angle in rim
        ),
    ]


def age(seconds: float) -> str:
    """Return a time span in its largest whole unit: `3 s`, `5 min`, `2 h`, `4 d`."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - digits


def quantity(value: float, unit: str) -> str:
    """Return a value for a legend: three digits at most, then its unit."""
    if unit == "B" or unit.startswith("B/"):
        for power, prefix in ((1e6, "M"), (1e3, "k")):
            if value >= power:
                return f"{value / power:.3g} {prefix}{unit}"
    number = f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits
    return f"{number} {unit}".rstrip()
