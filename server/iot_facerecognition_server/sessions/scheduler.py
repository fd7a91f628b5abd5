"""Whose turn it is: the newest frame of every session, in turns of equal processor time."""

import heapq
import itertools
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from iot_facerecognition_server.engine.interface import Frame
from iot_facerecognition_server.sessions.accounts import Account, Charge, Ledger

DEAR_SECONDS: Final = 0.1
"""Processor seconds from which on a frame counts as dear: half a dozen of 640x480 with a face."""
RESERVED_SECONDS: Final = 1.0
"""For how long after a cheap frame one dear frame less may be under way: cameras send several a
second, so a worker stays free for them while they are there, and is not idle once they are gone."""
_STALE: Final = 64
"""Entries that a queue may hold besides two for each account before it is cleared of old ones."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A frame whose turn has come; a `late` one has waited past the deadline: drop it.

    `rank` orders turns for whoever cannot begin them all at once, the smallest first.
    """

    frame: Frame
    late: bool
    rank: float = 0.0


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A frame that was taken: what its account was charged, and whether it counts as dear."""

    charge: Charge
    dear: bool


@dataclass(slots=True)
class _Place:
    """One session's place: its account, its waiting frame, and its frames under way."""

    account: Account
    remember: bool
    waiting: Frame | None = None
    under_way: deque[_UnderWay] = field(default_factory=deque)
    left: bool = False


_Entry = tuple[float, int, Account]
"""End of its next frame in virtual time, order of arrival, whose."""


class _Queue:
    """Accounts by the end of their next frame. Of an account, the newest entry counts."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._newest: dict[Account, _Entry] = {}

    def put(self, account: Account, end: float) -> None:
        """Queue an account, in place of its entry so far."""
        entry = (end, account.arrival, account)
        known = self._newest.get(account)
        if known is not None and known[:2] == entry[:2]:
            return
        self._newest[account] = entry
        heapq.heappush(self._heap, entry)
        if len(self._heap) > _STALE + 2 * len(self._newest):
            self._heap = list(self._newest.values())
            heapq.heapify(self._heap)

    def remove(self, account: Account) -> None:
        """Let the account's entry count no more, if it has one."""
        self._newest.pop(account, None)

    def first(self) -> _Entry | None:
        """Return the entry that ends first; None when there is none."""
        heap, newest = self._heap, self._newest
        while heap and newest.get(heap[0][2]) is not heap[0]:
            heapq.heappop(heap)
        return heap[0] if heap else None


class FairScheduler:
    """Deals turns so that clients get equal processor time, whatever their frames cost.

    Each session has one slot, and the newest frame takes it. The account that will have had the
    least with its next frame goes first; among equals it is first come, first served. An account is
    charged with what a frame is expected to cost when it is taken, and with what it did cost when
    it is done. Frames that are expected to be dear may be under way in a smaller number, and in one
    less while others send cheap ones, so that a cheap one finds a worker free. Plain: no clock, no
    thread; times are passed in. Every call takes logarithmic time at most.
    """

    def __init__(
        self,
        capacity: int,
        per_session: int,
        max_age: float,
        *,
        dear: int | None = None,
        dear_seconds: float = DEAR_SECONDS,
    ) -> None:
        """Let `capacity` frames be under way, `per_session` of one session.

        Of those that may cost more than `dear_seconds`, or nobody knows what, `dear` may be under
        way (None: as many as there is capacity): with as many as there are workers, one is begun
        when a worker is free and not before. It is one less, but one at least, for a second after
        each frame of a client whose frames are cheap, unless one of those waits and has had more
        time. A frame older than `max_age` seconds when its turn comes is late.
        """
        if capacity < 1 or per_session < 1 or (dear is not None and dear < 1):
            raise ValueError("capacity, per_session and dear are at least 1")
        self._capacity = capacity
        self._per_session = per_session
        self._max_age = max_age
        self._most_dear = capacity if dear is None else dear
        self._dear_seconds = dear_seconds
        self._ledger = Ledger()
        self._places: dict[int, _Place] = {}
        self._cheap, self._dear = _Queue(), _Queue()
        self._arrivals = itertools.count()
        self._under_way = 0
        self._dear_under_way = 0
        self._waiting = 0
        self._cheap_at = float("-inf")

    @property
    def under_way(self) -> int:
        """Frames that were taken and not yet done."""
        return self._under_way

    @property
    def waiting(self) -> int:
        """Frames that wait for their turn; never more than there are sessions."""
        return self._waiting

    def join(self, session: int, account: Hashable | None = None) -> None:
        """Give `session` a place; sessions of one `account` share its time (None: its own)."""
        if session in self._places:
            raise ValueError(f"session {session} has a place already")
        key: Hashable = ("session", session) if account is None else ("account", account)
        self._places[session] = _Place(self._ledger.join(key), remember=account is not None)

    def leave(self, session: int) -> Frame | None:
        """Take the place away and return the frame that waited there, if any.

        What the session has under way still counts until it is done.
        """
        place = self._places[session]
        waiting, place.waiting = place.waiting, None
        if waiting is not None:
            self._waiting -= 1
        self._not_ready(session, place)
        self._ledger.leave(place.account, remember=place.remember)
        place.left = True
        if not place.under_way:
            del self._places[session]
        self._rest_if_idle()
        return waiting

    def offer(self, frame: Frame) -> Frame | None:
        """Put `frame` into its session's slot and return the older one that it replaces, if any."""
        place = self._places[frame.session]
        replaced = place.waiting
        place.waiting = frame
        if not self._is_dear(place.account):
            self._cheap_at = frame.received
        if replaced is None:
            self._waiting += 1
            self._ready_if_may(frame.session, place, always=False)
        return replaced

    def take(self, now: float) -> Turn | None:
        """Return the next turn, or None when nobody waits or the capacity is used up.

        A late frame uses up no capacity and needs no `done`.
        """
        if self._under_way >= self._capacity:
            return None
        found = self._first(now)
        if found is None:
            return None
        (rank, _, account), dear = found
        session = next(iter(account.ready))
        place = self._places[session]
        frame, place.waiting = place.waiting, None
        assert frame is not None, "who is ready has a frame"
        self._waiting -= 1
        late = now - frame.received > self._max_age
        if not late:
            place.under_way.append(_UnderWay(self._ledger.begin(account), dear))
            self._under_way += 1
            self._dear_under_way += dear
        account.arrival = next(self._arrivals)  # behind those that end when its next one does
        self._not_ready(session, place)
        self._rest_if_idle()
        return Turn(frame, late, rank)

    def done(self, session: int, cost: float | None = None) -> None:
        """Take note that one frame of `session` is no longer under way.

        It cost so many processor seconds; None when that is not known, as of a frame given up.
        """
        place = self._places[session]
        ended = self._pop_under_way(place)
        self._ledger.end(place.account, ended.charge, cost)
        self._over(session, place)

    def undo(self, session: int) -> None:
        """Take note that one frame of `session` that was taken is not worked on after all."""
        place = self._places[session]
        self._ledger.undo(place.account, self._pop_under_way(place, newest=True).charge)
        self._over(session, place)

    def charge(self, session: int, cost: float) -> None:
        """Charge `session` with processor seconds for a frame whose turn is over."""
        place = self._places.get(session)
        if place is not None:
            self._ledger.charge(place.account, cost)
            self._queue(place.account)

    def _pop_under_way(self, place: _Place, *, newest: bool = False) -> _UnderWay:
        ended = place.under_way.pop() if newest else place.under_way.popleft()
        self._under_way -= 1
        self._dear_under_way -= ended.dear
        return ended

    def _over(self, session: int, place: _Place) -> None:
        if place.left:
            if not place.under_way:
                del self._places[session]
            self._queue(place.account)
        else:
            self._ready_if_may(session, place, always=True)
        self._rest_if_idle()

    def _first(self, now: float) -> tuple[_Entry, bool] | None:
        """Return the entry whose turn it is at `now`, and whether its frame counts as dear."""
        cheap = self._cheap.first()
        dear = self._dear.first() if self._dear_under_way < self._most_dear else None
        if dear is not None and cheap is None and self._is_last_reserved(now):
            dear = None
        if dear is None or (cheap is not None and cheap < dear):
            return None if cheap is None else (cheap, False)
        return dear, True

    def _is_last_reserved(self, now: float) -> bool:
        """Tell whether one more dear frame would take the last worker from who sends cheap ones."""
        last = 0 < self._dear_under_way >= self._most_dear - 1
        return last and now - self._cheap_at < RESERVED_SECONDS

    def _ready_if_may(self, session: int, place: _Place, *, always: bool) -> None:
        """Let the session be taken from, if it has a frame; `always`: it had one all along."""
        account = place.account
        if place.waiting is not None and len(place.under_way) < self._per_session:
            if not account.ready:
                self._ledger.wait(account, always=always)
                account.arrival = next(self._arrivals)
            account.ready[session] = None
        self._queue(account)

    def _not_ready(self, session: int, place: _Place) -> None:
        place.account.ready.pop(session, None)
        self._queue(place.account)

    def _queue(self, account: Account) -> None:
        """Put `account` where it belongs now."""
        dear = self._is_dear(account)
        right, wrong = (self._dear, self._cheap) if dear else (self._cheap, self._dear)
        wrong.remove(account)
        if account.ready:
            right.put(account, self._ledger.next_charge(account).end)
        else:
            right.remove(account)

    def _is_dear(self, account: Account) -> bool:
        return account.estimate is None or account.estimate > self._dear_seconds

    def _rest_if_idle(self) -> None:
        if not self._under_way and not self._waiting:
            self._ledger.rest()
