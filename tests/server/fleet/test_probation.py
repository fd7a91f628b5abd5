"""Whether an edge streams at its rate for long enough."""

import pytest

from iot_facerecognition_server.fleet.probation import Probation, ProbationTerms, expected_rate

TERMS = ProbationTerms(seconds=60.0, ratio=0.8)


class Stream:
    """Sends frames at a rate, and asks every second."""

    def __init__(self, expected: float = 15.0, terms: ProbationTerms = TERMS) -> None:
        self.probation = Probation(terms, expected, 1000.0)
        self.now = 1000.0
        self.passed_at: float | None = None

    def run(self, seconds: float, rate: float, *, processed: float = 1.0) -> None:
        frames = round(seconds * rate)
        times = [(self.now + (n + 0.5) / rate, n) for n in range(frames)]
        for second in range(1, round(seconds) + 1):
            until = self.now + second
            while times and times[0][0] < until:
                at, number = times.pop(0)
                self.probation.frame_received(at)
                if number * processed % 1 < processed:
                    self.probation.frame_processed(at)
            if self.passed_at is None and self.probation.check(until):
                self.passed_at = until - 1000.0
        self.now += seconds


def test_edge_at_its_rate_passes_after_its_time() -> None:
    stream = Stream()
    stream.run(59, 15.0)
    assert stream.passed_at is None
    stream.run(1, 15.0)
    assert stream.passed_at == 60.0
    assert stream.probation.restarts == 0


@pytest.mark.parametrize("rate", [0.2, 1.0, 5.0, 15.0, 30.0])
def test_half_the_rate_never_passes(rate: float) -> None:
    stream = Stream(rate)
    stream.run(600, rate / 2)
    assert stream.passed_at is None
    assert stream.probation.restarts >= 5


@pytest.mark.parametrize("rate", [0.2, 1.0, 5.0, 15.0, 30.0])
def test_a_little_less_than_the_rate_passes(rate: float) -> None:
    stream = Stream(rate)
    stream.run(120, rate * 0.85)
    assert stream.passed_at == 60.0


def test_no_frame_at_all_never_passes() -> None:
    stream = Stream()
    for second in range(300):
        assert not stream.probation.check(1000.0 + second)


def test_hang_starts_the_time_again() -> None:
    stream = Stream()
    stream.run(50, 15.0)
    stream.run(10, 0.01)
    assert stream.probation.restarts == 1
    assert stream.probation.shortfall is not None
    assert "12 are needed" in stream.probation.shortfall
    stream.run(59, 15.0)
    assert stream.passed_at is None
    stream.run(11, 15.0)
    assert stream.passed_at is not None
    assert stream.passed_at >= 110.0


def test_half_the_rate_for_a_while_starts_the_time_again() -> None:
    stream = Stream()
    stream.run(30, 15.0)
    stream.run(15, 7.5)
    stream.run(40, 15.0)
    assert stream.passed_at is None
    assert stream.probation.restarts >= 1


def test_frames_of_which_nothing_comes_do_not_pass() -> None:
    stream = Stream()
    stream.run(120, 15.0, processed=0.0)
    assert stream.passed_at is None
    assert stream.probation.shortfall == "no frame was processed for 10 s"


def test_busy_server_that_works_on_a_few_frames_is_enough() -> None:
    stream = Stream()
    stream.run(60, 15.0, processed=0.05)
    assert stream.passed_at == 60.0


def test_short_probation_has_a_short_window() -> None:
    stream = Stream(15.0, ProbationTerms(seconds=3.0, ratio=0.8))
    stream.run(3, 15.0)
    assert stream.passed_at == 3.0
    half = Stream(15.0, ProbationTerms(seconds=3.0, ratio=0.8))
    half.run(60, 7.5)
    assert half.passed_at is None


def test_progress_is_told_to_people() -> None:
    stream = Stream()
    stream.run(34, 15.0)
    assert stream.probation.progress(stream.now) == "34 of 60 s at its rate"


@pytest.mark.parametrize(
    ("setting", "before", "expected"),
    [
        (15.0, 14.5, 14.5),
        (15.0, 29.0, 15.0),
        (15.0, None, 15.0),
        (None, 10.0, 10.0),
        (15.0, 0.0, 15.0),
        (0.0, 12.0, 12.0),
        (-1.0, None, 1.0),
        (None, None, 1.0),
    ],
)
def test_lower_of_the_known_rates_is_expected(
    setting: float | None, before: float | None, expected: float
) -> None:
    assert expected_rate(setting, before) == expected
