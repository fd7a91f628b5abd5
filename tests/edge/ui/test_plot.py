"""Where a chart's points, ticks and slices lie."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_edge.ui.plot import (
    Axis,
    PlotArea,
    age,
    axis_for,
    polyline,
    quantity,
    sector_points,
    sectors,
    thinned,
)

AREA = PlotArea(100, 50, 200, 100)


@pytest.mark.parametrize(
    ("most", "high", "step"),
    [(15, 15, 5), (0.93, 1, 0.5), (100, 100, 50), (3, 3, 1), (350_000, 400_000, 100_000)],
)
def test_axes_have_round_steps(most, high, step):
    axis = axis_for([0, most], intervals=4)
    assert axis.high == pytest.approx(high)
    assert axis.step == pytest.approx(step)


@given(st.floats(1e-6, 1e12), st.integers(2, 6))
def test_an_axis_holds_its_values_with_few_ticks(most, intervals):
    axis = axis_for([most], intervals)
    assert axis.high >= most * (1 - 1e-6)
    assert 2 <= len(axis.ticks()) <= intervals + 1
    assert axis.ticks()[0] == 0
    assert axis.ticks()[-1] == pytest.approx(axis.high)


@pytest.mark.parametrize("values", [[], [0.0], [-3.0], [math.nan], [math.inf]])
def test_nothing_to_show_gives_an_axis_all_the_same(values):
    assert axis_for(values).high == 1.0


def test_labels_have_as_many_digits_as_the_step():
    assert [Axis(1, 0.25).label(0.25), Axis(10, 5).label(5.0)] == ["0.2", "5"]
    assert Axis(60_000, 20_000).label(20_000) == "20k"


def test_points_lie_where_time_and_value_say():
    line = polyline([(-10, 0), (-5, 5), (0, 10)], 10, Axis(10, 5), AREA)
    assert line == [(100, 150), (200, 100), (300, 50)]


def test_a_line_from_before_the_window_enters_at_its_edge():
    line = polyline([(-30, 0), (-15, 0), (-5, 10)], 10, Axis(10, 5), AREA)
    assert line == [(100, 100), (200, 50)]


def test_a_value_beyond_the_axis_stays_on_the_chart():
    assert polyline([(0, 99)], 10, Axis(10, 5), AREA) == [(300, 50)]


def test_a_long_history_keeps_its_peaks():
    pixels = [(float(x), 50.0) for x in range(10_000)]
    pixels[7777] = (7777.0, 1.0)
    few = thinned(pixels, 200)
    assert len(few) <= 220
    assert (7777.0, 1.0) in few
    assert few == sorted(few)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=9))
def test_slices_fill_the_circle_in_order(weights):
    shares = [weight / sum(weights) for weight in weights]
    angles = sectors(shares)
    assert angles[0][0] == pytest.approx(-math.pi / 2)
    assert angles[-1][1] - angles[0][0] == pytest.approx(2 * math.pi)
    for (begin, end), share in zip(angles, shares, strict=True):
        assert end - begin == pytest.approx(2 * math.pi * share)


def test_a_quarter_is_a_quarter():
    centre, *rim = sector_points((0, 0), 10, -math.pi / 2, 0)
    assert centre == (0, 0)
    assert rim[0] == pytest.approx((0, -10))
    assert rim[-1] == pytest.approx((10, 0))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "3 s"), (2.5, "2.5 s"), (90, "90 s"), (180, "3 min"), (7200, "2 h"), (400_000, "5 d")],
)
def test_ages_are_told_in_their_largest_unit(seconds, words):
    assert age(seconds) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (14.83, "", "14.8"),
        (93.2, "%", "93.2 %"),
        (1234, "KB/s", "1234 KB/s"),
        (23_456, "B", "23.5 kB"),
        (1_234_567, "B/s", "1.23 MB/s"),
        (12, "B", "12 B"),
    ],
)
def test_quantities_have_three_digits(value, unit, words):
    assert quantity(value, unit) == words
