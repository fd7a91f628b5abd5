"""Token buckets: so much in the long run, and what was saved up at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.sessions.rate import RateLimit


def test_what_was_saved_up_passes_at_once_and_the_rate_after_it() -> None:
    limit = RateLimit(10, seconds=2)
    assert sum(limit.allows(100.0) for _ in range(100)) == 20
    assert sum(limit.allows(100.0 + n / 100) for n in range(1, 101)) == 10


def test_zero_allows_any_rate() -> None:
    limit = RateLimit(0)
    assert all(limit.allows(1.0) for _ in range(1000))
    limit.charge(1.0, 1e9)
    assert limit.wait(1.0) == 0
    assert limit.is_full(1.0)


def test_debt_is_paid_with_time() -> None:
    limit = RateLimit(10)
    limit.charge(0.0, 30)
    assert limit.debt(0.0) == 20
    assert limit.wait(0.0) == pytest.approx(2.1)
    assert not limit.allows(2.0)
    assert limit.allows(2.1)
    assert not limit.is_full(3.0)
    assert limit.is_full(3.2)


@given(st.floats(1, 100), st.lists(st.floats(0, 1), max_size=300))
def test_no_more_is_allowed_than_rate_and_savings(rate: float, pauses: list[float]) -> None:
    limit = RateLimit(rate, seconds=2)
    now, allowed = 0.0, 0
    for pause in pauses:
        now += pause
        allowed += limit.allows(now)
    assert allowed <= rate * (now + 2) + 1e-6


@given(st.floats(1, 100), st.floats(0, 1000))
def test_after_the_wait_the_next_one_is_allowed(rate: float, amount: float) -> None:
    limit = RateLimit(rate)
    limit.charge(0.0, amount)
    wait = limit.wait(0.0)
    if wait:
        assert limit.allows(wait + 1e-6)
