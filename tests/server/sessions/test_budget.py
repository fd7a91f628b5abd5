"""One identity's flood costs itself: it is discarded, read slowly, and ended when it goes on."""

import pytest

from iot_facerecognition_server.sessions import budget as module
from iot_facerecognition_server.sessions.budget import (
    TEXT_SECONDS,
    Budget,
    BudgetLimits,
    Budgets,
    LogBudget,
    Spent,
)

LIMITS = BudgetLimits(messages=50, frames=100, bytes=1000, log_lines=60)


def flood(budget: Budget, seconds: float, per_second: int) -> list[Spent]:
    """Send texts for a while, whatever is said to it."""
    return [budget.text(n / per_second) for n in range(int(seconds * per_second))]


def test_a_hundred_edges_of_one_token_may_send_their_settings_at_once() -> None:
    budget = Budget(BudgetLimits())
    assert {budget.text(0.0) for _ in range(100 * 10)} == {Spent.WITHIN}
    assert budget.pause(0.0) == 0


def test_what_every_client_does_now_needs_no_pause() -> None:
    """Settings once, thirty of the largest frames a second, and health every second."""
    budget = Budget(BudgetLimits(), contended=lambda: False)
    for _ in range(6):
        assert budget.text(0.0) is Spent.WITHIN
    for frame in range(300):
        now = frame / 30
        budget.receive(4_000_000, 0.003, now)
        assert budget.frame(now)
        if frame % 30 == 0:
            assert budget.text(now) is Spent.WITHIN
        assert budget.pause(now) == 0


def test_a_flood_is_discarded_and_ended_after_a_while() -> None:
    budget = Budget(LIMITS)
    verdicts = flood(budget, 60, 1000)
    assert verdicts[: int(50 * TEXT_SECONDS)] == [Spent.WITHIN] * int(50 * TEXT_SECONDS)
    assert Spent.OVER in verdicts
    assert Spent.FLOODING in verdicts
    assert verdicts.count(Spent.WITHIN) <= 50 * (60 + TEXT_SECONDS)


def test_a_flood_that_waits_as_it_is_told_to_is_read_no_faster_than_its_budget() -> None:
    """A hundred connections of one identity, each with texts that never end."""
    budget = Budget(LIMITS)
    while budget.text(0.0) is Spent.WITHIN:
        pass
    ready = [0.0] * 100
    verdicts = []
    while (now := min(ready)) < 10:
        verdicts.append(budget.text(now))
        ready[ready.index(now)] = now + budget.pause(now)
    assert verdicts.count(Spent.WITHIN) <= 50 * 10 + 1
    assert len(verdicts) <= 5 * 50 * 10 + 200


def test_who_flooded_is_not_let_in_again_before_its_budget_is_full() -> None:
    budget = Budget(LIMITS)
    assert not budget.is_flooding(0.0)
    flood(budget, 3, 1000)
    assert budget.is_flooding(3.0)
    assert not budget.is_flooding(3.0 + TEXT_SECONDS * 2)
    assert budget.text(100.0) is Spent.WITHIN
    assert not budget.is_flooding(100.0)


def test_pings_and_fragments_cost_like_texts() -> None:
    budget = Budget(LIMITS)
    assert budget.overhead(1000, 0.0) is Spent.WITHIN
    assert budget.overhead(10, 0.0) is Spent.OVER
    assert budget.pause(0.0) > 0.2
    assert budget.overhead(2000, 0.0) is Spent.FLOODING


def test_bytes_past_the_rate_are_waited_for() -> None:
    budget = Budget(LIMITS)
    assert budget.receive(3000, 0.0, 0.0) == pytest.approx(2.0, abs=0.01)
    assert budget.pause(0.0) == pytest.approx(2.0, abs=0.01)
    assert budget.receive(1, 0.0, 3.0) == 0


def test_time_to_receive_past_the_share_is_waited_for_while_others_are_connected() -> None:
    budgets = Budgets(BudgetLimits(receiving=0.3))
    mine = budgets.of("mine", 0.0)
    budgets.join(mine)
    budgets.join(mine)
    assert mine.receive(1, 0.05, 0.0) == 0
    assert mine.receive(1, 0.25, 0.0) == 0, "nobody else is there"
    budgets.join(other := budgets.of("other", 0.0))
    assert mine.pause(0.0) == pytest.approx(3.0)
    assert other.pause(0.0) == 0
    assert mine.pause(1.0) == pytest.approx(2.0)
    budgets.leave(other)
    assert mine.pause(1.0) == 0


def test_frames_past_the_rate_are_dropped_and_waited_for() -> None:
    budget = Budget(LIMITS)
    assert [budget.frame(0.0) for _ in range(102)] == [True] * 100 + [False] * 2
    assert budget.pause(0.0) > 0


def test_zero_bounds_nothing() -> None:
    budget = Budget(BudgetLimits(messages=0, frames=0, bytes=0, receiving=0, log_lines=0))
    for _ in range(10_000):
        assert budget.text(0.0) is Spent.WITHIN
        assert budget.frame(0.0)
        assert budget.log.allows(10_000, 0.0)
    budget.receive(1 << 40, 1000.0, 0.0)
    assert budget.pause(0.0) == 0
    assert not budget.is_flooding(0.0)


def test_log_lines_past_the_budget_are_left_out_and_counted_once_a_minute() -> None:
    log = LogBudget(per_minute=60)
    written = sum(log.allows(50, 0.0) for _ in range(1000))
    assert written == 600
    assert log.left_out(0.0) == 400
    assert not log.allows(50, 0.5)
    assert log.left_out(0.5) == 0
    assert log.left_out(60.0) == 1


def test_a_long_line_counts_as_several() -> None:
    log = LogBudget(per_minute=60)
    assert sum(log.allows(1000, 0.0) for _ in range(1000)) == 100


def test_a_log_that_is_flooded_for_a_day_is_not_overwritten() -> None:
    """Forty megabytes are kept; lines of 1000 characters came as fast as they could."""
    log = LogBudget(per_minute=60)
    day = 86_400
    written = sum(1100 for second in range(day) for _ in range(5) if log.allows(1000, second))
    assert written < 20_000_000


def test_each_identity_has_its_own_budget_and_its_connections_share_it() -> None:
    budgets = Budgets(LIMITS)
    flood(budgets.of("greedy", 0.0), 3, 1000)
    assert budgets.of("greedy", 3.0).text(3.0) is Spent.FLOODING
    assert budgets.of("honest", 3.0).text(3.0) is Spent.WITHIN


def test_only_those_who_owe_nothing_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    budgets = Budgets(LIMITS)
    connected, flooding = budgets.of("connected", 0.0), budgets.of("flooding", 0.0)
    connected.connections = 1
    flood(flooding, 3, 1000)
    for visitor in range(100):
        budgets.of(f"visitor {visitor}", 3.0)
        assert len(budgets) <= 3
    assert budgets.of("connected", 3.0) is connected
    assert budgets.of("flooding", 3.0) is flooding
