"""What was recognised and sent so far, and the seven charts of it."""

from collections.abc import Iterable

from iot_facerecognition_edge.statistics.charts import ChartId, Line, LineChart, PieChart
from iot_facerecognition_edge.statistics.growth import Growth
from iot_facerecognition_edge.statistics.series import Point, Series
from iot_facerecognition_edge.statistics.tally import Tally
from iot_facerecognition_protocol import Face, ObjectLabel
from iot_facerecognition_protocol.rates import RecentRate

UNTAGGED = "Untagged"
"""The slice of faces that the server knows no name for."""
SAMPLE_INTERVAL = 0.5
"""Seconds between two samples of traffic and frame rate, for who calls `sample`."""

_PIES = {ChartId.OBJECTS: True, ChartId.FACES: False}
"""The pies, and whether their slices note the best prediction."""
_MEGA = 1e-6
_KILO = 1e-3
_PERCENT = 100.0


class Statistics:
    """Counts results and traffic and makes charts of them, in fixed memory.

    Times are monotonic seconds that never go back. `window` is how far the line charts reach back,
    in seconds.
    """

    def __init__(self, window: float = 3.0) -> None:
        self.window = window
        self.version = 0
        self._begin()

    def _begin(self) -> None:
        self._tallies = {chart: Tally() for chart in _PIES}
        self._tagged = Series()
        self._untagged = Series()
        self._prediction = Series()
        self._sent_total = Series(last=True)
        self._received_total = Series(last=True)
        self._sent_rate = Series()
        self._received_rate = Series()
        self._fps = Series()
        self._frames = RecentRate(1.0)
        self._sent = Growth()
        self._received = Growth()
        self.rates = (0.0, 0.0)

    def reset(self) -> None:
        """Forget everything."""
        self._begin()
        self.version += 1

    def faces(self, time: float, faces: Iterable[Face]) -> None:
        """Count the faces of one frame."""
        tagged = untagged = 0
        for face in faces:
            self._tallies[ChartId.FACES].add(face.tag or UNTAGGED)
            if face.tag:
                tagged += 1
            else:
                untagged += 1
        self._tagged.add(time, tagged)
        self._untagged.add(time, untagged)
        self.version += 1

    def objects(self, time: float, objects: Iterable[ObjectLabel]) -> None:
        """Count the labels of one frame."""
        best = 0.0
        for label in objects:
            self._tallies[ChartId.OBJECTS].add(label.label, label.prediction)
            best = max(best, label.prediction)
        self._prediction.add(time, best * _PERCENT)
        self.version += 1

    def frame(self, time: float) -> None:
        """Count one frame whose results are here."""
        self._frames.count(time)

    def fps(self, now: float) -> float:
        """Return the frames within the last second."""
        return self._frames.rate(now)

    def sample(self, time: float, sent: int, received: int) -> None:
        """Take note of the bytes `sent` and `received` since the start, and of the frame rate."""
        self._sent_total.add(time, sent * _MEGA)
        self._received_total.add(time, received)
        self.rates = self._sent.read(time, sent), self._received.read(time, received)
        self._sent_rate.add(time, self.rates[0] * _KILO)
        self._received_rate.add(time, self.rates[1])
        self._fps.add(time, self._frames.rate(time))
        self.version += 1

    def chart(self, chart: ChartId, now: float, whole: bool = False) -> PieChart | LineChart:
        """Return what `chart` shows at `now`: the window, or with `whole` everything so far."""
        if chart in _PIES:
            slices = self._tallies[chart].slices(percent=_PIES[chart])
            return PieChart(chart, chart.heading, slices)
        lines: list[Line] = []
        for name, unit, series, axis, average in self._lines(chart):
            points = series.whole() if whole else series.since(now - self.window)
            values = tuple((min(point.time - now, 0.0), point.value) for point in points)
            lines.append(Line(name, unit, values, axis))
            if average:
                averages = tuple((min(point.time - now, 0.0), point.average) for point in points)
                lines.append(Line(f"{name}, average", unit, averages, axis, average=True))
        begin = min((line.points[0][0] for line in lines if line.points), default=0.0)
        span = max(-begin, self.window) if whole else self.window
        return LineChart(chart, chart.heading, span, tuple(lines))

    def history(self, chart: ChartId) -> list[tuple[str, str, list[Point]]]:
        """Return name, unit and all points of each line of a line chart, for an export."""
        return [
            (name, unit, series.everything()) for name, unit, series, _, _ in self._lines(chart)
        ]

    def tally(self, chart: ChartId) -> Tally:
        """Return the counts behind a pie."""
        return self._tallies[chart]

    def _lines(self, chart: ChartId) -> list[tuple[str, str, Series, str, bool]]:
        """Return name, unit, series, axis and whether with its average, of each line."""
        match chart:
            case ChartId.FACES_OVER_TIME:
                return [
                    ("Tagged", "", self._tagged, "left", True),
                    ("Untagged", "", self._untagged, "left", True),
                ]
            case ChartId.PREDICTION:
                return [("Best prediction", "%", self._prediction, "left", True)]
            case ChartId.TRAFFIC_TOTAL:
                return [
                    ("Sent", "MB", self._sent_total, "left", False),
                    ("Received", "B", self._received_total, "right", False),
                ]
            case ChartId.TRAFFIC_RATE:
                return [
                    ("Sent", "kB/s", self._sent_rate, "left", True),
                    ("Received", "B/s", self._received_rate, "right", True),
                ]
            case ChartId.FPS:
                return [("Frames", "fps", self._fps, "left", True)]
            case _:
                raise ValueError(f"{chart} is no line chart")
