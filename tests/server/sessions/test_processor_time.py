"""Turns of equal processor time, by simulation: seeded, without threads and clocks."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from iot_facerecognition_server.sessions.accounts import MOST_REMEMBERED, Accounts
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.scheduler import FairScheduler
from tests.server.sessions.fair_scheduler import fair_scheduler

Cost = Callable[[random.Random], float]


def jain(values: Iterable[float]) -> float:
    """Jain's fairness index: 1 when all are equal, 1/n when one has everything."""
    values = list(values)
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


@dataclass
class Sender:
    """A client: what its frames cost in seconds, and the seconds between two of them.

    Without `every` it has its next frame ready whenever one is taken.
    """

    cost: Cost
    every: float | None = None
    account: Hashable = None


@dataclass
class Begun:
    """A frame that a worker began."""

    session: int
    arrived: float
    began: float
    cost: float


@dataclass
class Machine:
    """Workers without preemption that take the submitted frame of the smallest rank."""

    senders: Mapping[int, Sender]
    workers: int = 2
    per_session: int = 1
    seed: int = 1
    capacity: int = 8
    now: float = 0.0
    log: list[Begun] = field(default_factory=list)
    spent: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.scheduler = fair_scheduler(
            self.capacity, self.per_session, max_age=1e9, dear=self.workers
        )
        self.chance = random.Random(self.seed)
        self.order = itertools.count()
        self.events: list[tuple[float, int, int, str]] = []
        self.submitted: list[tuple[float, int, ArrivedFrame]] = []
        self.numbers: Counter[int] = Counter()
        self.idle = self.workers
        self.costs: dict[int, list[float]] = {session: [] for session in self.senders}
        for session, sender in self.senders.items():
            self.scheduler.join(session, sender.account)
            begin = self.chance.uniform(0, sender.every) if sender.every else 0.0
            self.event(begin, session, "frame")

    def event(self, when: float, session: int, what: str) -> None:
        heapq.heappush(self.events, (when, self.chance.getrandbits(40), session, what))

    def run(self, seconds: float) -> None:
        while self.events and self.events[0][0] <= seconds:
            self.now, _, session, what = heapq.heappop(self.events)
            sender = self.senders[session]
            if what == "done":
                self.idle += 1
                self.begin_what_was_submitted()  # a worker does not wait for the event loop
                self.scheduler.done(session, self.costs[session].pop(0))
            else:
                self.offer(session)
                if sender.every is not None:
                    self.event(self.now + sender.every, session, "frame")
            self.deal()

    def offer(self, session: int) -> None:
        self.numbers[session] += 1
        self.scheduler.offer(ArrivedFrame(session, self.numbers[session], b"", self.now))

    def deal(self) -> None:
        while (turn := self.scheduler.take(self.now)) is not None:
            frame = turn.frame
            heapq.heappush(self.submitted, (turn.rank, next(self.order), frame))
            if self.senders[frame.session].every is None:
                self.offer(frame.session)
        self.begin_what_was_submitted()

    def begin_what_was_submitted(self) -> None:
        while self.idle and self.submitted:
            _, _, frame = heapq.heappop(self.submitted)
            self.idle -= 1
            cost = self.senders[frame.session].cost(self.chance)
            self.costs[frame.session].append(cost)
            self.spent[frame.session] += cost
            self.log.append(Begun(frame.session, frame.received, self.now, cost))
            self.event(self.now + cost, frame.session, "done")


def about(seconds: float) -> Cost:
    return lambda chance: seconds * chance.uniform(0.7, 1.3)


def any_cost(chance: random.Random) -> float:
    """Return the mean cost of a client: from a thumbnail to a photo with a crowd."""
    return 0.005 * 100 ** chance.random()


def after(clients: int, seconds: float, account: str | None) -> Machine:
    """Return a machine that worked so long for clients whose frames cost anything."""
    chance = random.Random(clients)
    senders = {n: Sender(about(any_cost(chance)), account=account) for n in range(clients)}
    machine = Machine(senders)
    machine.run(seconds)
    return machine


@pytest.fixture(scope="module")
def crowded() -> Machine:
    """A machine that worked for a thousand clients: ten seconds of a processor to simulate."""
    return after(1000, 1500.0, None)


def assert_shared_equally(machine: Machine, clients: int, seconds: float) -> None:
    shares = [machine.spent[session] for session in range(clients)]
    assert jain(shares) >= 0.98
    # Nobody is ahead or behind by more than two of the dearest frames.
    assert max(shares) - min(shares) <= 2 * 0.5 * 1.3
    assert sum(shares) >= 0.999 * machine.workers * seconds, "no worker was idle"


@pytest.mark.parametrize(
    ("clients", "seconds", "account"),
    [
        (2, 60.0, None),
        (50, 600.0, None),
        (2, 60.0, "one token for all"),
        (50, 600.0, "one token for all"),
        (250, 400.0, "one token for all"),
    ],
)
def test_clients_get_equal_time_whatever_their_frames_cost(
    clients: int, seconds: float, account: str | None
) -> None:
    assert_shared_equally(after(clients, seconds, account), clients, seconds)


def test_a_thousand_clients_get_equal_time_too(crowded: Machine) -> None:
    assert_shared_equally(crowded, 1000, 1500.0)


def test_nobody_starves_among_thousands_of_clients(crowded: Machine) -> None:
    last = dict.fromkeys(range(1000), 0.0)
    longest = dict.fromkeys(range(1000), 0.0)
    for begun in crowded.log:
        longest[begun.session] = max(longest[begun.session], begun.began - last[begun.session])
        last[begun.session] = begun.began
    # Everyone is served again before the others have had the dearest frame's time twice each.
    round_trip = 2 * (0.5 * 1.3) * 1000 / crowded.workers
    assert max(longest.values()) <= round_trip


@pytest.mark.parametrize(("dear", "rate"), [(1, 15.0), (4, 15.0), (40, 2.0)])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("account", [None, "one token for all"])
def test_cheap_frame_waits_for_no_dear_one_but_those_being_worked_on(
    dear: int, rate: float, seed: int, account: str | None
) -> None:
    """The cheap client asks for less than its share of two workers."""
    senders = {n: Sender(about(0.4), account=account) for n in range(1, dear + 1)}
    senders[0] = Sender(about(0.02), every=1 / rate, account=account)
    machine = Machine(senders, seed=seed)
    machine.run(120.0)
    served: Counter[int] = Counter()
    free = 0.0
    for place, frame in enumerate(machine.log):
        served[frame.session] += 1
        if frame.session:
            continue
        waiting, free = max(frame.arrived, free), frame.began + frame.cost
        if min(served[n] for n in senders) < 3:
            continue  # in the beginning, some have had less than the cheap one
        before = itertools.takewhile(
            lambda other, waiting=waiting: other.began > waiting,  # type: ignore[misc]
            reversed(machine.log[:place]),
        )
        assert [other for other in before if other.session] == []
        assert frame.began - waiting <= 0.4 * 1.3
    # It has a frame after each piece of the others' work at least.
    assert served[0] >= min(0.9 * rate, 1 / (0.4 * 1.3 + 0.03)) * 120.0


def test_cheap_clients_keep_their_rate_beside_dear_ones() -> None:
    senders = {n: Sender(about(0.4)) for n in range(1, 5)}
    senders |= {n: Sender(about(0.02), every=1 / 5) for n in range(10, 14)}
    machine = Machine(senders)
    machine.run(300.0)
    for session in range(10, 14):
        assert sum(begun.session == session for begun in machine.log) >= 0.5 * 5 * 300


def test_dear_frames_are_begun_when_a_worker_is_free_and_no_capacity_is_left_for_more() -> None:
    scheduler = fair_scheduler(capacity=8, per_session=1, max_age=1e9, dear=2, dear_seconds=0.1)
    for session in range(6):
        scheduler.join(session)
    for session in range(6):  # they make themselves known
        scheduler.offer(ArrivedFrame(session, 1, b"", 0.0))
        assert scheduler.take(0.0)
        scheduler.done(session, 0.5 if session < 4 else 0.02)
    for session in range(6):
        scheduler.offer(ArrivedFrame(session, 2, b"", 0.0))
    assert sorted(taken_at(scheduler, 0.0)) == [0, 4, 5], "the cheap ones and one of the dear"
    scheduler.done(4, 0.02)
    assert taken_at(scheduler, 0.5) == [], "a worker stays free for the cheap ones, who are there"
    assert taken_at(scheduler, 1.5) == [1], "they are gone, so that worker is not idle"
    scheduler.done(0, 0.5)
    assert taken_at(scheduler, 1.5) == [2]


def taken_at(scheduler: FairScheduler, now: float) -> list[int]:
    taken = []
    while (turn := scheduler.take(now)) is not None:
        taken.append(turn.frame.session)
    return taken


def test_client_nobody_knows_counts_as_dear_until_its_first_frame_has_ended() -> None:
    scheduler = fair_scheduler(capacity=8, per_session=2, max_age=1e9, dear=1)
    for session in (1, 2):
        scheduler.join(session)
        scheduler.offer(ArrivedFrame(session, 1, b"", 0.0))
    assert scheduler.take(0.0)
    assert scheduler.take(0.0) is None
    scheduler.done(1, 0.01)
    scheduler.offer(ArrivedFrame(1, 2, b"", 0.0))
    assert [turn.frame.session for _ in range(2) if (turn := scheduler.take(0.0))] == [2, 1]


def known(scheduler: FairScheduler, **costs: float) -> None:
    """Let sessions join, named `s1` and so on, whose frames cost so many seconds."""
    for name, cost in costs.items():
        session = int(name[1:])
        scheduler.join(session)
        serve(scheduler, session, cost)


def test_dear_frame_counts_until_its_objects_are_done() -> None:
    scheduler = fair_scheduler(capacity=8, per_session=1, max_age=1e9, dear=1)
    known(scheduler, s1=0.5, s2=0.5)
    for session in (1, 2):
        scheduler.offer(ArrivedFrame(session, 2, b"", 0.0))
    assert taken(scheduler) == [1]
    scheduler.done(1, 0.5, more=True)
    assert taken(scheduler) == []
    scheduler.leave(1)
    scheduler.charge(1, None)  # given up with the session
    assert taken(scheduler) == [2]


def test_frame_whose_objects_take_one_long_piece_counts_as_dear() -> None:
    scheduler = fair_scheduler(capacity=8, per_session=1, max_age=1e9, dear=1)
    known(scheduler, s1=0.02, s2=0.02, s3=0.02)
    scheduler.charge(1, 0.6, piece=0.3)
    scheduler.charge(2, 0.6, piece=0.3)
    scheduler.charge(3, 0.6, piece=0.02)
    for session in (1, 2, 3):
        scheduler.offer(ArrivedFrame(session, 2, b"", 0.0))
    assert sorted(taken(scheduler)) == [1, 3]


def test_client_nobody_knows_does_not_take_the_last_worker_from_a_cheap_one() -> None:
    scheduler = fair_scheduler(capacity=8, per_session=1, max_age=1e9, dear=2)
    known(scheduler, s1=0.02)
    scheduler.charge(1, 10.0)  # it has had more time than who comes now
    for session in (2, 3):
        scheduler.join(session)
    for session in (2, 3, 1):
        scheduler.offer(ArrivedFrame(session, 1, b"", 0.0))
    assert taken(scheduler) == [2, 1]


def test_idling_earns_no_credit() -> None:
    machine = Machine({n: Sender(about(0.02)) for n in range(4)})
    machine.run(100.0)
    before = dict(machine.spent)
    machine.senders = {**machine.senders, 9: Sender(about(0.02))}
    machine.costs[9] = []
    machine.scheduler.join(9)
    machine.event(machine.now, 9, "frame")
    machine.run(130.0)
    gained = [machine.spent[n] - before.get(n, 0.0) for n in (0, 1, 2, 3, 9)]
    assert jain(gained) >= 0.999


def test_connections_of_one_account_share_its_time() -> None:
    senders = {n: Sender(about(0.05), account="greedy") for n in range(10)}
    senders |= {10: Sender(about(0.05), account="modest"), 11: Sender(about(0.05))}
    machine = Machine(senders, workers=1)
    machine.run(120.0)
    greedy = [machine.spent[n] for n in range(10)]
    assert jain([sum(greedy), machine.spent[10], machine.spent[11]]) >= 0.999
    assert jain(greedy) >= 0.99


def taken(scheduler: FairScheduler) -> list[int]:
    found = []
    while (turn := scheduler.take(0.0)) is not None:
        found.append(turn.frame.session)
    return found


def test_reconnecting_does_not_shed_what_was_spent() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=1e9)
    scheduler.join(1, "dear")
    scheduler.join(2, "cheap")
    for session, cost in ((1, 0.5), (2, 0.02)):
        scheduler.offer(ArrivedFrame(session, 1, b"", 0.0))
        assert taken(scheduler) == [session]
        if session == 1:
            scheduler.offer(ArrivedFrame(2, 1, b"", 0.0))  # or all would start anew
        scheduler.done(session, cost)
        if session == 1:
            scheduler.leave(1)
            scheduler.join(3, "dear")
            scheduler.offer(ArrivedFrame(3, 1, b"", 0.0))
            assert taken(scheduler) == [2]
            break
    scheduler.offer(ArrivedFrame(2, 2, b"", 0.0))
    scheduler.done(2, 0.02)
    assert taken(scheduler) == [2], "the cheap one again: it has had 0.02 s of 0.5"


def test_work_on_objects_is_charged_after_the_turn() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=1e9)
    for session in (1, 2, 3):
        scheduler.join(session)
        scheduler.offer(ArrivedFrame(session, 1, b"", 0.0))
    assert taken(scheduler) == [1]
    scheduler.offer(ArrivedFrame(1, 2, b"", 0.0))
    scheduler.done(1, 0.02)
    scheduler.charge(1, 5.0)
    for session in (2, 3, 2, 3):
        assert taken(scheduler) == [session]
        scheduler.offer(ArrivedFrame(session, 2, b"", 0.0))
        scheduler.done(session, 0.02)
    scheduler.charge(99, 1.0)  # it has left meanwhile


def serve(scheduler: FairScheduler, session: int, cost: float | None) -> None:
    """Let a frame of the session be taken at once, and end."""
    scheduler.offer(ArrivedFrame(session, 1, b"", 0.0))
    assert taken(scheduler) == [session]
    scheduler.done(session, cost)


def test_frame_given_up_keeps_the_charge_it_was_expected_to_cost() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=1e9)
    for session in (1, 2):
        scheduler.join(session)
        serve(scheduler, session, 0.4)
    scheduler.offer(ArrivedFrame(1, 2, b"", 0.0))
    assert taken(scheduler) == [1]
    for session in (1, 2):
        scheduler.offer(ArrivedFrame(session, 3, b"", 0.0))
    scheduler.done(1, None)
    assert taken(scheduler) == [2], "the other one, though it came later"


def test_frame_that_is_not_worked_on_costs_nothing() -> None:
    scheduler = fair_scheduler(capacity=1, per_session=1, max_age=1e9)
    for session in (1, 2):
        scheduler.join(session)
        serve(scheduler, session, 0.4)
    scheduler.offer(ArrivedFrame(1, 2, b"", 0.0))
    assert taken(scheduler) == [1]
    for session in (1, 2):
        scheduler.offer(ArrivedFrame(session, 3, b"", 0.0))
    scheduler.undo(1)
    scheduler.done(taken(scheduler)[0], 0.1)
    assert len(taken(scheduler)) == 1


def test_one_dear_frame_among_cheap_ones_is_remembered_for_a_while() -> None:
    scheduler = fair_scheduler(capacity=8, per_session=3, max_age=1e9, dear=1)
    scheduler.join(1)
    for cost in (0.02, 0.5, 0.02):
        serve(scheduler, 1, cost)

    def at_once() -> int:
        for number in range(3):
            scheduler.offer(ArrivedFrame(1, number, b"", 0.0))
            assert len(taken(scheduler)) <= 1
        count = scheduler.under_way
        for _ in range(count):
            scheduler.done(1, 0.02)
        while taken(scheduler):
            scheduler.done(1, 0.02)
        return count

    assert at_once() == 1, "as a dear one"
    for _ in range(60):
        serve(scheduler, 1, 0.02)
    assert at_once() == 3


def test_accounts_that_are_gone_are_remembered_in_bounded_number() -> None:
    accounts = Accounts()
    for number in range(2 * MOST_REMEMBERED):
        account = accounts.join(number, 0.0, remember=True)
        account.paid_until = 5.0
        accounts.leave(account)
    assert len(accounts) == 0
    assert accounts.join(2 * MOST_REMEMBERED - 1, 1.0, remember=True).paid_until == 5.0
    assert accounts.join(0, 1.0, remember=True).paid_until == 1.0
    alone = accounts.join("session", 1.0, remember=False)
    alone.paid_until = 5.0
    accounts.leave(alone)
    assert accounts.join("session", 2.0, remember=False).paid_until == 2.0


def test_queues_stay_as_small_as_the_accounts_in_them() -> None:
    scheduler = fair_scheduler(capacity=4, per_session=2, max_age=1e9)
    chance = random.Random(3)
    for session in range(5):
        scheduler.join(session)
    under_way: list[int] = []
    for number in range(20_000):
        scheduler.offer(ArrivedFrame(chance.randrange(5), number, b"", 0.0))
        while (turn := scheduler.take(0.0)) is not None:
            under_way.append(turn.frame.session)
        scheduler.done(under_way.pop(chance.randrange(len(under_way))), chance.random())
    assert len(scheduler._cheap._heap) + len(scheduler._ready._heap) < 200
