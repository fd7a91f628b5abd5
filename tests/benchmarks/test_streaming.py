"""What clients counted, and how it comes back from their process."""

import sys
import time

import pytest

from benchmarks.streaming import Stream, Streamed, jain, percentile


def test_fairness_is_one_when_all_got_the_same_and_a_share_when_one_got_it_all():
    assert jain([7, 7, 7]) == 1
    assert jain([9, 0, 0]) == pytest.approx(1 / 3)
    assert jain([0, 0]) == 0


def test_percentiles_are_values_that_were_measured():
    values = [float(number) for number in range(100)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [0, 50, 99, 99]
    assert percentile([], 0.5) == 0


def test_a_rate_is_of_the_time_that_was_counted():
    streamed = Streamed([0.01, 0.02, 0.03], [2, 1], 3, 0, {"processed": 3}, 10.0, 12.0, 0.1)
    assert streamed.rate == 1.5
    assert streamed.percentiles(0.5) == [20.0]


def test_what_long_streams_counted_does_not_hold_their_clients():
    program = (
        "import json, sys; numbers = [0.123456789] * 200_000; json.dump(dict(latencies=numbers,"
        " counts=[], faces=0, objects=0, ended={}, begin=0.0, end=1.0, client_cpu_seconds=0.0),"
        " sys.stdout)"
    )
    stream = Stream([sys.executable, "-c", program])
    deadline = time.monotonic() + 60
    while stream.running:  # as a benchmark that samples the server meanwhile
        assert time.monotonic() < deadline, "the clients wait for somebody to read"
        time.sleep(0.01)
    assert stream.end().rate == 200_000


def test_clients_that_fail_are_an_error():
    with pytest.raises(RuntimeError, match="clients' process failed"):
        Stream([sys.executable, "-c", "raise SystemExit(3)"]).end()
