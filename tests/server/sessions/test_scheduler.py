"""Fair turns, by simulation: no network, no clock."""

import heapq
import random
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from iot_facerecognition_server.frames import Capacity
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.scheduler import FairScheduler
from tests.server.sessions.fair_scheduler import fair_scheduler


def frame(session: int, number: int, received: float = 0.0) -> ArrivedFrame:
    return ArrivedFrame(session, number, b"", received)


def jain(counts: list[float]) -> float:
    """Jain's fairness index: 1 when all are equal, 1/n when one has everything."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts))


def test_newest_frame_replaces_the_waiting_one() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=1.0)
    scheduler.join(7)
    assert scheduler.offer(frame(7, 1)) == ()
    assert scheduler.offer(frame(7, 2)) == (frame(7, 1),)
    turn = scheduler.take(0.0)
    assert turn is not None
    assert turn.frame.number == 2
    assert scheduler.waiting == 0


def test_waiting_frames_of_one_account_have_a_bound_and_its_oldest_goes() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=9.0, waiting_bytes=25)
    for session in (1, 2, 3):
        scheduler.join(session, "crowd")
    scheduler.join(4, "another")
    frames = {session: ArrivedFrame(session, 1, bytes(10), 0.0) for session in (1, 2, 3, 4)}
    for session in (1, 2, 4):
        assert scheduler.offer(frames[session]) == ()
    assert scheduler.offer(frames[3]) == (frames[1],)
    newer = ArrivedFrame(2, 2, bytes(20), 0.0)
    assert scheduler.offer(newer) == (frames[2], frames[3])
    assert scheduler.waiting == 2
    assert scheduler.leave(3) is None
    large = ArrivedFrame(4, 2, bytes(100), 0.0)
    assert scheduler.offer(large) == (frames[4],), "one may always wait"
    taken = []
    while (turn := scheduler.take(0.0)) is not None:
        taken.append(turn.frame)
        scheduler.done(turn.frame.session)
    assert sorted(taken, key=lambda one: one.session) == [newer, large]


def test_frames_under_way_of_one_account_have_a_bound_in_bytes() -> None:
    scheduler = fair_scheduler(capacity=4, per_session=2, max_age=9.0, waiting_bytes=25)
    for session in (1, 2, 3):
        scheduler.join(session, "crowd")
        scheduler.offer(ArrivedFrame(session, 1, bytes(20), 0.0))
        assert [one.session for one in _taken(scheduler)] == ([session] if session < 3 else [])
    scheduler.join(4, "another")
    scheduler.offer(ArrivedFrame(4, 1, bytes(1000), 0.0))
    assert [one.session for one in _taken(scheduler)] == [4], "one may always be under way"
    scheduler.offer(ArrivedFrame(3, 2, bytes(40), 0.0))
    scheduler.done(1)
    assert _taken(scheduler) == [], "60 bytes are more than the 50 for four workers"
    scheduler.offer(ArrivedFrame(3, 3, bytes(30), 0.0))
    assert [one.session for one in _taken(scheduler)] == [3], "the newer frame is smaller"
    scheduler.done(2)
    scheduler.done(3)
    scheduler.offer(ArrivedFrame(1, 2, bytes(60), 0.0))
    assert [one.session for one in _taken(scheduler)] == [1], (
        "one larger than the bound may be alone"
    )


def test_capacity_bounds_what_is_under_way() -> None:
    scheduler = fair_scheduler(capacity=2, per_session=1, max_age=1.0)
    for session in range(3):
        scheduler.join(session)
        scheduler.offer(frame(session, 1))
    assert scheduler.take(0.0)
    assert scheduler.take(0.0)
    assert scheduler.take(0.0) is None
    scheduler.done(0)
    turn = scheduler.take(0.0)
    assert turn is not None
    assert turn.frame.session == 2


def test_frame_past_the_deadline_is_late_and_costs_no_capacity() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=0.5)
    scheduler.join(1)
    scheduler.offer(frame(1, 1, received=10.0))
    turn = scheduler.take(10.6)
    assert turn is not None
    assert turn.late
    assert scheduler.under_way == 0


def test_session_with_fewer_frames_under_way_goes_first() -> None:
    scheduler = fair_scheduler(capacity=4, per_session=2, max_age=1.0)
    scheduler.join(1)
    scheduler.join(2)
    scheduler.offer(frame(1, 1))
    assert scheduler.take(0.0)
    scheduler.offer(frame(1, 2))
    scheduler.offer(frame(2, 1))
    turns = [scheduler.take(0.0), scheduler.take(0.0)]
    assert [turn and turn.frame.session for turn in turns] == [2, 1]


def test_leaving_session_returns_its_frame_and_frees_its_place() -> None:
    scheduler = fair_scheduler(capacity=4, per_session=1, max_age=1.0)
    scheduler.join(1)
    scheduler.offer(frame(1, 1))
    assert scheduler.leave(1) == frame(1, 1)
    assert scheduler.waiting == 0
    assert scheduler.take(0.0) is None


def test_frame_under_way_of_a_left_session_is_still_counted_until_done() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=1.0)
    scheduler.join(1)
    scheduler.join(2)
    scheduler.offer(frame(1, 1))
    scheduler.take(0.0)
    scheduler.leave(1)
    scheduler.offer(frame(2, 1))
    assert scheduler.take(0.0) is None
    scheduler.done(1)
    assert scheduler.take(0.0) is not None


def simulate(clients: int, turns: int, workers: int, slow: dict[int, float]) -> Counter[int]:
    """Let `clients` that always have a frame share `workers`; return the turns of each."""
    scheduler = fair_scheduler(capacity=workers, per_session=1, max_age=1e9)
    chance = random.Random(1)
    served: Counter[int] = Counter()
    for session in range(clients):
        scheduler.join(session)
        scheduler.offer(frame(session, 1))
    busy: list[tuple[float, int]] = []
    now = 0.0
    while served.total() < turns:
        while (turn := scheduler.take(now)) is not None:
            session = turn.frame.session
            served[session] += 1
            cost = slow.get(session, 1.0) * chance.uniform(0.8, 1.2)
            heapq.heappush(busy, (now + cost, session))
            scheduler.offer(frame(session, turn.frame.number + 1))
        now, done = heapq.heappop(busy)
        scheduler.done(done)
    return served


@pytest.mark.parametrize("clients", [2, 8, 32, 5000])
def test_clients_that_always_have_a_frame_get_equal_turns(clients: int) -> None:
    served = simulate(clients, turns=clients * 20, workers=2, slow={})
    assert jain([served[session] for session in range(clients)]) >= 0.98


def test_slow_client_does_not_cost_the_others_their_turns() -> None:
    served = simulate(20, turns=2000, workers=2, slow={0: 8.0})
    others = [served[session] for session in range(1, 20)]
    assert jain(others) >= 0.999
    assert served[0] <= min(others)


class Scheduling(RuleBasedStateMachine):
    """Whatever happens in whatever order, nothing is lost, doubled or over its limit."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = fair_scheduler(capacity=3, per_session=2, max_age=5.0)
        self.slots: dict[int, ArrivedFrame | None] = {}
        self.under_way: list[int] = []
        self.number = 0

    @rule(session=st.integers(1, 5))
    def join_or_leave(self, session: int) -> None:
        if session in self.slots:
            assert self.scheduler.leave(session) == self.slots.pop(session)
            # A key is never used again in the product; here it is, so end what is under way.
            for _ in range(self.under_way.count(session)):
                self.under_way.remove(session)
                self.scheduler.done(session)
        else:
            self.scheduler.join(session)
            self.slots[session] = None

    @precondition(lambda self: self.slots)
    @rule(data=st.data())
    def offer(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from(sorted(self.slots)))
        self.number += 1
        new = frame(session, self.number, received=float(self.number))
        old = self.slots[session]
        assert self.scheduler.offer(new) == (() if old is None else (old,))
        self.slots[session] = new

    @rule(ahead=st.floats(0, 10))
    def take(self, ahead: float) -> None:
        now = self.number + ahead
        turn = self.scheduler.take(now)
        if turn is None:
            takeable = [
                session
                for session, waiting in self.slots.items()
                if waiting and self.under_way.count(session) < 2
            ]
            assert len(self.under_way) == 3 or not takeable
            return
        assert self.slots[turn.frame.session] == turn.frame
        assert turn.late == (now - turn.frame.received > 5.0)
        self.slots[turn.frame.session] = None
        if not turn.late:
            self.under_way.append(turn.frame.session)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from(sorted(set(self.under_way))))
        self.under_way.remove(session)
        self.scheduler.done(session)

    @invariant()
    def counts_agree(self) -> None:
        assert self.scheduler.under_way == len(self.under_way) <= 3
        assert self.scheduler.waiting == sum(f is not None for f in self.slots.values())
        assert all(self.under_way.count(session) <= 2 for session in self.slots)


TestScheduling = Scheduling.TestCase
TestScheduling.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def dealt(scheduler: FairScheduler, now: float = 0.0) -> list[int]:
    """Take all turns there are; return whose they are."""
    taken = []
    while (turn := scheduler.take(now)) is not None:
        taken.append(turn.frame.session)
    return taken


def test_capacity_is_asked_whenever_a_slot_is_dealt() -> None:
    now = [Capacity(frames=1, workers=2, per_session=1)]
    scheduler = FairScheduler(lambda: now[0], max_age=9.0)
    for session in (1, 2, 3, 4):
        scheduler.join(session)
        scheduler.offer(frame(session, 1))
    assert dealt(scheduler) == [1]
    now[0] = Capacity(frames=3, workers=3, per_session=1)
    assert dealt(scheduler) == [2, 3]
    now[0] = Capacity(frames=0, workers=3, per_session=1)
    scheduler.done(1)
    scheduler.done(2)
    scheduler.done(3)
    assert dealt(scheduler) == []
    now[0] = Capacity(frames=1, workers=3, per_session=1)
    assert dealt(scheduler) == [4]


def test_frames_of_one_session_at_once_are_as_many_as_the_engine_takes_now() -> None:
    now = [Capacity(frames=8, workers=8, per_session=1)]
    scheduler = FairScheduler(lambda: now[0], max_age=9.0)
    scheduler.join(1)

    def offer_and_deal(number: int) -> list[int]:
        scheduler.offer(frame(1, number))
        return dealt(scheduler)

    assert offer_and_deal(1) == [1]
    assert offer_and_deal(2) == [], "one at a time"
    now[0] = Capacity(frames=8, workers=8, per_session=3)
    assert dealt(scheduler) == [1], "the one that waits goes at once"
    assert offer_and_deal(3) == [1]
    now[0] = Capacity(frames=8, workers=8, per_session=2)
    assert offer_and_deal(4) == []
    scheduler.done(1)
    scheduler.done(1)
    assert dealt(scheduler) == [1]


def _taken(scheduler: FairScheduler) -> list[ArrivedFrame]:
    """Take all turns that there are."""
    turns = iter(lambda: scheduler.take(0.0), None)
    return [turn.frame for turn in turns if turn is not None]
