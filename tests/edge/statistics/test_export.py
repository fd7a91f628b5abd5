"""Statistics as files."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.statistics import ChartId, Statistics
from iot_facerecognition_edge.statistics.export import export
from iot_facerecognition_protocol import Face, ObjectLabel


def face(tag: str) -> Face:
    return Face(tag, 0, 0, 10, 10)


def test_export_writes_every_chart_with_the_time_of_day(tmp_path: Path) -> None:
    statistics = Statistics()
    statistics.faces(100, [face("=HYPERLINK(1)"), face("")])
    statistics.objects(101, [ObjectLabel("cup", 0.5)])
    statistics.sample(102, 1_000_000, 5)
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    paths = export(statistics, tmp_path / "out", 110, noon)
    assert [path.name for path in paths] == [f"{chart}.csv" for chart in ChartId]
    rows = {path.stem: list(csv.reader(path.open())) for path in paths}
    assert rows["faces"] == [["name", "count"], ["'=HYPERLINK(1)", "1"], ["Untagged", "1"]]
    assert rows["objects"][1] == ["cup", "1", "0.5000"]
    assert rows["faces_over_time"][1] == ["Tagged", "", "2026-05-01T11:59:50.000+00:00", "1", "1"]
    assert rows["traffic_total"][1][:2] == ["Sent", "MB"]


def test_export_into_a_file_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(EdgeError, match="cannot be written"):
        export(Statistics(), tmp_path / "out", 0, datetime.now(UTC))
