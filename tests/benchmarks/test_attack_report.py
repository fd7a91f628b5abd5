"""The verdict on an attack: whatever a victim noticed is a miss, also right after it."""

import pytest

from benchmarks.attack.report import Row
from benchmarks.attack.values import Attack, Outcome
from benchmarks.attack.victims import LOST, Notice, Noticed


def results(rate: float, seconds: float, latency: float = 0.05, named: int = 1) -> Noticed:
    """Return what a victim notices who gets so many results a second."""
    count = round(rate * seconds)
    return Noticed([Notice(n / rate, latency, named=named) for n in range(count)], seconds)


QUIET = results(20, 6)
DURING = results(20, 5)


def row(
    *,
    outcome: Outcome | None = None,
    during: Noticed = DURING,
    afterwards: Noticed | None = None,
    memory: float = 0.0,
) -> Row:
    def attack(target: object, until: float) -> Outcome:
        raise NotImplementedError

    whole = QUIET + during + (afterwards or Noticed([], 0.0))
    attacked = Attack("attack", "nothing happens", attack)
    return Row(attacked, outcome or Outcome(1, "seen"), QUIET, during, whole, memory)


def test_an_attack_that_nobody_notices_held() -> None:
    assert row().verdict == "held"


@pytest.mark.parametrize(
    ("noticed", "miss"),
    [
        (row(outcome=Outcome(1, "seen", held=False)), "promise"),
        (row(during=results(20, 5, latency=0.07)), "p95"),
        (row(memory=64e6), "memory"),
        (row(during=results(20, 5, named=0)), "names"),
        (row(during=results(10, 5)), "results"),
        (row(during=DURING + Noticed([Notice(1.0, wrong=1)], 0.0)), "wrong name"),
        (row(during=DURING + Noticed([Notice(1.0, reason=LOST)], 0.0)), "cut"),
        (row(afterwards=Noticed([Notice(9.0, reason=LOST)], 1.0)), "cut"),
        (row(afterwards=Noticed([Notice(9.0, wrong=1)], 1.0)), "wrong name"),
    ],
)
def test_what_a_victim_noticed_is_missed(noticed: Row, miss: str) -> None:
    assert noticed.misses == [miss]


def test_victims_that_get_nothing_are_missed() -> None:
    assert "silence" in row(during=Noticed([], 5.0)).misses
