"""Series in fixed memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_edge.statistics.series import CAPACITY, Series

WEEK = 7 * 24 * 3600


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
