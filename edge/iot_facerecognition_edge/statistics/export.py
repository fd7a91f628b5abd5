"""The statistics as CSV files, one per chart, for a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.statistics.charts import ChartId
from iot_facerecognition_edge.statistics.recorder import Statistics
from iot_facerecognition_protocol.system.whole_file import make_folder, write_file

_PIES = {ChartId.OBJECTS, ChartId.FACES}
_MODE = 0o644
_Row = tuple[str, ...]


def export(statistics: Statistics, folder: Path, now: float, wall: datetime) -> list[Path]:
    """Write a file per chart into `folder`, which is made if need be, and return their paths.

    `wall` is the time of day at `now`, with its zone. Raises EdgeError where it cannot write.
    """
    written = []
    try:
        make_folder(folder, None)
        for chart in ChartId:
            path = folder / f"{chart}.csv"
            rows = (
                _pie(statistics, chart) if chart in _PIES else _lines(statistics, chart, now, wall)
            )
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            write_file(path, text.getvalue().encode(), _MODE, durable=False)
            written.append(path)
    except OSError as error:
        raise EdgeError(
            f"statistics: {error.filename or folder} cannot be written ({error.strerror})"
        ) from error
    return written


def _pie(statistics: Statistics, chart: ChartId) -> Iterable[_Row]:
    yield ("label", "count", "best_prediction") if chart is ChartId.OBJECTS else ("name", "count")
    for label, seen in statistics.tally(chart).ranked():
        row = (_inert(label), str(seen.count))
        yield (*row, f"{seen.best:.4f}") if chart is ChartId.OBJECTS else row


def _lines(statistics: Statistics, chart: ChartId, now: float, wall: datetime) -> Iterable[_Row]:
    yield ("line", "unit", "time", "value", "average")
    for name, unit, points in statistics.history(chart):
        for point in points:
            time = wall + timedelta(seconds=point.time - now)
            stamp = time.isoformat(timespec="milliseconds")
            yield (name, unit, stamp, f"{point.value:.6g}", f"{point.average:.6g}")


def _inert(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula: names come from a server."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
