from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol.rates import RecentRate


@given(st.lists(st.floats(0, 3), max_size=200))
def test_recent_rate_counts_what_was_in_its_time(pauses: list[float]) -> None:
    recent, now, times = RecentRate(10.0, 0.0), 0.0, []
    for pause in pauses:
        now += pause
        recent.count(now)
        times.append(now)
        ended = int(now)
        first = max(ended - 10, 0)
        assert recent.total(now) == sum(first <= int(time) < ended for time in times)
    assert recent.total(now + 11.0) == 0
    assert not RecentRate(10.0, 5.0).is_full(14.9)


def test_a_rate_is_of_the_last_ten_tenths():
    rate = RecentRate(5.0)
    for tenth in range(100):  # ten seconds at ten a second
        rate.count(100.0 + tenth / 10)
    assert rate.rate(110.0) == 10
    assert rate.rate(112.5) == 5
    assert rate.rate(120.0) == 0
    rate.count(200.0)
    assert rate.rate(200.4) == 0, "the tenth that has only begun is left out"
    assert rate.rate(200.5) == 0.2


def test_a_rate_that_has_only_begun_is_of_the_time_since():
    rate = RecentRate(10.0, began=50.0)
    for second in range(4):
        rate.count(50.5 + second)
    assert rate.covered(54.0) == 4.0
    assert rate.rate(54.0) == 1.0
    assert rate.rate(50.0) == 0.0


def test_a_rate_takes_no_more_memory_for_more_events():
    rate = RecentRate(1.0)
    for event in range(100_000):
        rate.count(10.0 + event / 100_000)
    assert rate.total(11.0) == 100_000
    assert len(rate._counts) == 11
