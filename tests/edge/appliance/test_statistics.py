"""Series in fixed memory, tallies, rates, the seven charts and their export."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.statistics import ChartId, LineChart, PieChart, Statistics
from iot_facerecognition_edge.statistics.export import export
from iot_facerecognition_edge.statistics.rates import Growth, Rate
from iot_facerecognition_edge.statistics.series import CAPACITY, Series
from iot_facerecognition_edge.statistics.tally import OTHERS, SHOWN, Tally
from iot_facerecognition_protocol import Face, ObjectLabel

WEEK = 7 * 24 * 3600


def face(tag: str) -> Face:
    return Face(tag, 0, 0, 10, 10)


def lines(chart: PieChart | LineChart) -> dict[str, tuple[tuple[float, float], ...]]:
    assert isinstance(chart, LineChart)
    return {line.name: line.points for line in chart.lines}


def test_the_last_seconds_are_kept_value_by_value_with_the_running_average() -> None:
    series = Series()
    for number in range(5):
        series.add(number / 10, number)
    points = series.since(0.15)
    assert [(point.time, point.value) for point in points] == [(0.2, 2), (0.3, 3), (0.4, 4)]
    assert [point.average for point in points] == [1.0, 1.5, 2.0]


def test_an_hour_is_kept_in_coarser_points() -> None:
    series = Series()
    for number in range(15 * 3600):
        series.add(number / 15, number % 15)
    hour = series.since(0)
    assert len(hour) <= CAPACITY
    assert hour[0].time < 20
    assert all(point.value == pytest.approx(7, abs=0.5) for point in hour)
    minute = series.since(3600 - 60)
    assert 59 <= len(minute) <= 61


def test_weeks_fit_into_the_same_memory_and_begin_at_the_beginning() -> None:
    series = Series()
    for second in range(0, 3 * WEEK, 30):
        series.add(second, 5 if second < WEEK else 8)
    whole = series.whole()
    assert CAPACITY / 2 <= len(whole) <= CAPACITY
    assert whole[0].time < WEEK / 50
    assert whole[0].value == 5
    assert whole[-1].value == 8
    assert whole[-1].average == pytest.approx(7)


def test_a_counter_keeps_its_last_reading_in_coarse_points() -> None:
    series = Series(last=True)
    for second in range(WEEK // 100):
        series.add(second, second * 10)
    assert all(point.value == point.time * 10 for point in series.whole())


@given(
    st.lists(
        st.tuples(st.floats(0, 1e5), st.floats(-1e6, 1e6, allow_subnormal=False)),
        min_size=1,
        max_size=400,
    )
)
def test_whatever_is_added_memory_is_bounded_times_ascend_and_values_lie_within(steps) -> None:
    series = Series()
    time = 0.0
    for step, value in steps:
        time += step
        series.add(time, value)
    low, high = min(v for _, v in steps), max(v for _, v in steps)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    for points in (series.whole(), series.since(time / 2), series.everything()):
        assert len(points) <= 4 * CAPACITY
        times = [point.time for point in points]
        assert times == sorted(times)
        assert all(low - slack <= point.value <= high + slack for point in points)
    assert len(series.whole()) <= CAPACITY
    assert series.everything()[-1].time == time


def test_a_tally_ranks_by_count_and_puts_the_small_ones_together() -> None:
    tally = Tally()
    for number in range(1, 13):
        for _ in range(number):
            tally.add(f"label {number}", number / 20)
    slices = tally.slices(percent=True)
    assert len(slices) == SHOWN + 1
    assert (slices[0].label, slices[0].count, slices[0].note) == ("label 12", 12, "max 60 %")
    assert (slices[-1].label, slices[-1].count, slices[-1].note) == (OTHERS, 6, "max 15 %")
    assert sum(part.share for part in slices) == pytest.approx(1)


def test_a_tally_stays_bounded_when_every_label_is_new() -> None:
    tally = Tally(most=3)
    for number in range(1000):
        tally.add(str(number))
    assert [(label, seen.count) for label, seen in tally.ranked()][-1] == (OTHERS, 997)
    assert len(tally.ranked()) == 4


def test_a_rate_counts_the_last_second() -> None:
    rate = Rate()
    for number in range(30):
        rate.add(number / 15)
    assert rate.at(2.0) == 14
    assert rate.at(2.5) == 7
    assert rate.at(9.0) == 0


def test_growth_is_the_slope_of_the_last_second_and_survives_a_restarted_counter() -> None:
    growth = Growth()
    assert growth.read(0, 1000) == 0
    assert growth.read(0.5, 1500) == 1000
    assert growth.read(1.0, 2000) == 1000
    assert growth.read(2.0, 6000) == 4000
    assert growth.read(2.5, 10) == 0
    assert growth.read(3.0, 110) == 200


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
            statistics.sample(number / 15, 0, 0)
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
