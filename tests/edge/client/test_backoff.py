"""How long a client waits before it tries again."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_client.backoff import Backoff
from iot_facerecognition_protocol import Drain


@given(st.integers(), st.integers(1, 200))
def test_delays_stay_between_one_second_and_a_growing_ceiling(seed, failures):
    backoff = Backoff(Random(seed))
    for number in range(1, failures + 1):
        assert 1 <= backoff.next_delay() <= min(15, 2**number)
    assert 30 <= backoff.refused_delay() <= 60
    backoff.reset()
    assert backoff.next_delay() <= 2


@given(st.integers(), st.integers(1, 200))
def test_a_server_without_room_is_asked_less_and_less(seed, failures):
    backoff = Backoff(Random(seed))
    for number in range(1, failures + 1):
        assert 1 <= backoff.busy_delay() <= min(60, 2**number)


@given(st.integers(), st.floats(0, 1e7), st.floats(0, 1e7), st.integers(0, 9))
def test_the_first_delay_after_a_drain_is_what_the_server_told(seed, back_in, spread, failures):
    backoff = Backoff(Random(seed))
    for _ in range(failures):
        backoff.next_delay()
    backoff.drained(Drain(back_in, spread))
    begin = min(max(back_in / 1e3, 1.0), 5.0)
    assert begin <= backoff.next_delay() <= begin + min(spread / 1e3, 60.0)


@given(st.integers(), st.floats(0, 5000))
def test_delays_after_a_drain_stay_short_while_a_restart_may_take_so_long(seed, spread):
    backoff = Backoff(Random(seed))
    backoff.drained(Drain(4000.0, spread))
    waited = backoff.next_delay()
    while waited < Backoff.LONGEST_RESTART:
        delay = backoff.next_delay()
        assert 1 <= delay <= 5
        waited += delay
    assert max(backoff.next_delay() for _ in range(100)) > 10


def test_a_large_fleet_spreads_over_what_the_server_told():
    def delays(seed: int) -> list[float]:
        backoff = Backoff(Random(seed))
        backoff.drained(Drain(4000.0, 20000.0))
        return [backoff.next_delay() for _ in range(3)]

    firsts, seconds, _ = zip(*map(delays, range(300)), strict=True)
    for some, begin, end in ((firsts, 4, 24), (seconds, 1, 20)):
        width = end - begin
        assert begin <= min(some) < begin + 0.05 * width
        assert end - 0.05 * width < max(some) <= end


def late(backoff: Backoff, dark: float) -> float:
    """Return how long after the port has opened an edge asks, when it was closed for `dark` s."""
    now = 0.0
    while now < dark:
        now += backoff.next_delay()
    return now - dark


@given(st.integers(0, 10**6), st.floats(0, 115), st.floats(0, 60_000))
def test_fifty_edges_are_back_within_5_s_however_long_the_server_took(seed, dark, told):
    for edge in range(50):
        backoff = Backoff(Random(seed + edge))
        backoff.drained(Drain(told, 1000.0))
        if dark >= min(told / 1e3, 5.0) + 1.0:  # else it is back before it said that it would be
            assert late(backoff, dark) <= 5


@given(st.integers(0, 10**6), st.floats(2, 120))
def test_after_a_crash_the_last_of_fifty_edges_is_back_within_15_s(seed, dark):
    assert max(late(Backoff(Random(seed + edge)), dark) for edge in range(50)) <= 15


def test_a_server_that_is_back_and_fails_is_not_taken_for_one_that_restarts():
    backoff = Backoff(Random(1))
    backoff.drained(Drain(1000.0, 1000.0))
    backoff.next_delay()
    backoff.connected()
    delays = [backoff.next_delay() for _ in range(200)]
    assert max(delays) > 14


def test_delays_spread_over_the_whole_range():
    def late_delay(seed: int) -> float:
        backoff = Backoff(Random(seed))
        for _ in range(9):
            backoff.next_delay()
        return backoff.next_delay()

    delays = [late_delay(seed) for seed in range(300)]
    assert min(delays) < 2
    assert max(delays) > 14
