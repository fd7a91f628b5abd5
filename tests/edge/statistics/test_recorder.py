"""What is recorded, as the seven charts show it."""

import pytest

from iot_facerecognition_edge.statistics import ChartId, LineChart, PieChart, Statistics
from iot_facerecognition_protocol import Face, ObjectLabel


def face(tag: str) -> Face:
    return Face(tag, 0, 0, 10, 10)


def lines(chart: PieChart | LineChart) -> dict[str, tuple[tuple[float, float], ...]]:
    assert isinstance(chart, LineChart)
    return {line.name: line.points for line in chart.lines}


def test_pies_count_names_with_unknown_faces_as_untagged() -> None:
    statistics = Statistics()
    statistics.faces(1, [face("Ada"), face("")])
    statistics.faces(2, [face("Ada")])
    pie = statistics.chart(ChartId.FACES, 3)
    assert isinstance(pie, PieChart)
    assert [(part.label, part.count) for part in pie.slices] == [("Ada", 2), ("Untagged", 1)]
    assert pie.slices[0].share == pytest.approx(2 / 3)


def test_objects_note_their_best_prediction() -> None:
    statistics = Statistics()
    statistics.objects(1, [ObjectLabel("cup", 0.5), ObjectLabel("cat", 0.2)])
    statistics.objects(2, [ObjectLabel("cup", 0.93)])
    pie = statistics.chart(ChartId.OBJECTS, 3)
    assert isinstance(pie, PieChart)
    assert pie.slices[0].note == "max 93 %"
    best = lines(statistics.chart(ChartId.PREDICTION, 3))
    assert best["Best prediction"] == ((-2, 50), (-1, 93))
    assert best["Best prediction, average"] == ((-2, 50), (-1, 71.5))


def test_faces_over_time_tell_tagged_from_untagged() -> None:
    statistics = Statistics()
    statistics.faces(10, [face("Ada"), face(""), face("")])
    statistics.faces(11, [])
    chart = lines(statistics.chart(ChartId.FACES_OVER_TIME, 11))
    assert chart["Tagged"] == ((-1, 1), (0, 0))
    assert chart["Untagged"] == ((-1, 2), (0, 0))
    assert chart["Untagged, average"] == ((-1, 2), (0, 1))


def test_the_window_hides_what_is_older_and_the_whole_shows_it() -> None:
    statistics = Statistics(window=3)
    for second in range(11):
        statistics.faces(second, [face("Ada")])
    window = statistics.chart(ChartId.FACES_OVER_TIME, 10)
    assert isinstance(window, LineChart)
    assert window.span == 3
    assert lines(window)["Tagged"][0][0] == -3
    whole = statistics.chart(ChartId.FACES_OVER_TIME, 10, whole=True)
    assert isinstance(whole, LineChart)
    assert whole.span == 10
    assert lines(whole)["Tagged"][0][0] == -10


def test_traffic_is_cumulative_and_per_second_in_the_originals_units() -> None:
    statistics = Statistics()
    for half in range(5):
        statistics.sample(half / 2, sent=half * 500_000, received=half * 100)
    total = statistics.chart(ChartId.TRAFFIC_TOTAL, 2)
    assert lines(total)["Sent"][-1] == (0, 2.0)
    assert lines(total)["Received"][-1] == (0, 400)
    rate = statistics.chart(ChartId.TRAFFIC_RATE, 2)
    assert isinstance(rate, LineChart)
    assert lines(rate)["Sent"][-1] == (0, 1000)
    assert lines(rate)["Received"][-1] == (0, 200)
    assert {line.name: line.axis for line in rate.lines}["Received"] == "right"


def test_frames_per_second_with_their_average() -> None:
    statistics = Statistics()
    for number in range(30):
        statistics.frame(number / 15)
        if number % 15 == 14:
            statistics.sample((number + 1) / 15, 0, 0)
    chart = lines(statistics.chart(ChartId.FPS, 2))
    assert [value for _, value in chart["Frames"]] == [15, 15]
    assert chart["Frames, average"][-1][1] == 15


def test_the_version_tells_that_something_changed() -> None:
    statistics = Statistics()
    before = statistics.version
    statistics.faces(1, [face("Ada")])
    assert statistics.version != before
    statistics.reset()
    pie = statistics.chart(ChartId.FACES, 2)
    assert isinstance(pie, PieChart)
    assert pie.slices == ()
