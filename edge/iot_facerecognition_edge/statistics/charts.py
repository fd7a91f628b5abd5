"""What a chart shows, as value types: no pixels, no colours."""

from enum import StrEnum

from iot_facerecognition_protocol.records import dataclass


class ChartId(StrEnum):
    """The seven charts; each value is the name of its switch in the settings."""

    OBJECTS = "objects"
    FACES = "faces"
    FACES_OVER_TIME = "faces_over_time"
    PREDICTION = "prediction"
    TRAFFIC_TOTAL = "traffic_total"
    TRAFFIC_RATE = "traffic_rate"
    FPS = "fps"

    @property
    def heading(self) -> str:
        """What stands above the chart."""
        return _HEADINGS[self]


_HEADINGS = {
    ChartId.OBJECTS: "Recognised objects",
    ChartId.FACES: "Recognised faces",
    ChartId.FACES_OVER_TIME: "Faces over time",
    ChartId.PREDICTION: "Best prediction over time",
    ChartId.TRAFFIC_TOTAL: "Traffic",
    ChartId.TRAFFIC_RATE: "Traffic per second",
    ChartId.FPS: "Frames per second",
}


@dataclass(frozen=True, slots=True)
class Slice:
    """One label of a pie: how often it was seen, its part of the whole (0 to 1), and a remark."""

    label: str
    count: int
    share: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class PieChart:
    """Slices from the largest to the smallest; what does not fit stands in a last one, Others."""

    chart: ChartId
    title: str
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: points of (seconds relative to now, at most 0; value in `unit`), oldest first.

    `axis` is the scale it belongs to, `left` or `right`; `average` marks the running average of the
    line before it.
    """

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]
    axis: str = "left"
    average: bool = False


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over the last `span` seconds."""

    chart: ChartId
    title: str
    span: float
    lines: tuple[Line, ...]
