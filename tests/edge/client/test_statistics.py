"""Rates, latencies and counts of a client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_client.statistics import Counters, LatencyWindow


@given(st.lists(st.floats(0, 100), min_size=1))
def test_percentiles_are_among_what_was_measured(seconds):
    window = LatencyWindow(size=16)
    for value in seconds:
        window.add(value)
    kept = sorted(seconds[-16:])
    assert window.percentile(0) == kept[0]
    assert window.percentile(100) == kept[-1]
    assert kept[0] <= window.percentile(50) <= window.percentile(95) <= kept[-1]


def test_no_latency_is_none_and_not_zero():
    assert LatencyWindow().percentile(50) is None


def test_the_result_rate_is_that_of_frames_not_of_messages():
    statistics = Counters()
    for number in range(30):
        statistics.faces_received(number / 10, 0.1)
        statistics.objects_received(number / 10, 0.2)
    snapshot = statistics.snapshot(2.9)
    assert snapshot.results == 60
    assert snapshot.result_fps == pytest.approx(10)
    assert snapshot.latency_p95 == 0.2
