"""Whose turn it is: the newest frame of every session, in turns of equal processor time."""

import itertools
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from iot_facerecognition_server.frames import Capacity
from iot_facerecognition_server.sessions.accounts import Account, Accounts, Place, UnderWay
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.virtual_time import ShareQueue, VirtualTime

DEAR_SECONDS: Final = 0.25
"""Processor seconds from which on a frame counts as dear: a dozen of 640x480 with a face on a fast
core, four on a slow and busy one, which must not take ordinary cameras for dear ones."""
RESERVED_SECONDS: Final = 1.0
"""For how long after a cheap frame one dear frame less may be under way: cameras send several a
second, so a worker stays free for them while they are there, and is not idle once they are gone."""
FIRST_GUESS: Final = 0.02
"""Processor seconds that a frame is taken to cost before any has ended: 640x480 on one core."""
_SMOOTHING: Final = 0.1
"""Weight of the newest cost in a mean. A session's estimate falls like this and rises at once, so
that whoever mixes cheap frames with dear ones counts as dear."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A frame whose turn has come; a `late` one has waited past the deadline: drop it.

    `rank` orders turns for whoever cannot begin them all at once, the smallest first.
    """

    frame: ArrivedFrame
    late: bool
    rank: float = 0.0


class FairScheduler:
    """Deals turns so that clients get equal processor time, whatever their frames cost.

    Each session has one slot, and the newest frame takes it. The account that will have had the
    least with its next frame goes first and, of its sessions, the one that will have had the least;
    among equals it is first come, first served. Both are charged with what a frame is expected to
    cost when it is taken, and with what it did cost when it is done.

    Frames that are expected to be dear may be under way in a smaller number, and in one less while
    others send cheap ones, so that a cheap one finds a worker free. Plain: no clock, no thread;
    times are passed in. Every call takes logarithmic time at most.
    """

    def __init__(
        self,
        capacity: Callable[[], Capacity],
        max_age: float,
        *,
        dear_seconds: float = DEAR_SECONDS,
        waiting_bytes: float = math.inf,
    ) -> None:
        """Deal as many slots as `capacity` allows, which is asked for each.

        Of frames that may cost more than `dear_seconds`, or nobody knows what, as many may be under
        way as there are workers: so one is begun when a worker is free and not before. It is one
        less, but one at least, for a second after each frame of a client whose frames are cheap,
        unless one of those waits and has had more time. A frame older than `max_age` seconds when
        its turn comes is late. An account has one waiting frame, or several of `waiting_bytes`
        together at most, and one under way, or several of half as many bytes for each worker.
        """
        self._capacity = capacity
        self._per_session = capacity().per_session
        self._most_dear = 1
        self._max_age = max_age
        self._dear_seconds = dear_seconds
        self._waiting_bytes = waiting_bytes
        self._time = VirtualTime()
        self._accounts = Accounts()
        self._places: dict[int, tuple[Place, Account]] = {}
        self._ready: ShareQueue[Account] = ShareQueue()
        self._cheap: ShareQueue[Account] = ShareQueue()
        self._typical = FIRST_GUESS
        self._arrivals = itertools.count()
        self._under_way = 0
        self._dear_under_way = 0
        self._lingering: set[int] = set()
        """Sessions with a dear frame whose turn is over while more of it is worked on."""
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
        key, remember = _key(session, account), account is not None
        joined = self._accounts.join(key, self._time.now, remember=remember)
        self._places[session] = Place(joined.time.now, session=session), joined

    def leave(self, session: int) -> ArrivedFrame | None:
        """Take the place away and return the frame that waited there, if any.

        What the session has under way still counts until it is done.
        """
        place, account = self._places[session]
        waiting = self._give_up(place, account)
        self._accounts.leave(account)
        place.left = True
        self._forget_if_over(place)
        self._rest_if_idle(account)
        return waiting

    def offer(self, frame: ArrivedFrame) -> tuple[ArrivedFrame, ...]:
        """Put `frame` into its session's slot and return the older ones that are dropped for it.

        That is the one in the slot and, past the account's bound, its oldest in other slots.
        """
        place, account = self._places[frame.session]
        replaced = account.put(place, frame)
        if not self._is_dear(place):
            self._cheap_at = frame.received
        if replaced is None:
            self._waiting += 1
            account.frames += 1
            self._ready_if_may(place, account, always=False)
        else:
            self._queue_account(account)  # the newer frame may have another size
        dropped = [] if replaced is None else [replaced]
        while account.waiting_bytes > self._waiting_bytes and len(account.slots) > 1:
            oldest = self._give_up(next(iter(account.slots.values())), account)
            assert oldest is not None, "who has a slot has a frame"
            dropped.append(oldest)
        return tuple(dropped)

    def take(self, now: float) -> Turn | None:
        """Return the next turn, or None when nobody waits or the capacity is used up.

        A late frame uses up no capacity and needs no `done`.
        """
        capacity = self._capacity()
        if self._under_way >= capacity.frames:
            return None
        self._most_dear = max(1, capacity.workers)
        if capacity.per_session != self._per_session:
            self._allow_per_session(capacity.per_session)
        best = self._best(now)
        if best is None:
            return None
        rank, account, place = best
        frame = account.pop(place)
        assert frame is not None, "who is ready has a frame"
        self._waiting -= 1
        late = now - frame.received > self._max_age
        if late:
            account.frames -= 1
        else:
            self._begin(place, account, len(frame.jpeg))
        # Behind those whose next frame ends when its own does.
        place.arrival = account.arrival = next(self._arrivals)
        self._not_ready(place, account)
        self._rest_if_idle(account)
        return Turn(frame, late, rank)

    def done(self, session: int, cost: float | None = None, *, more: bool = False) -> None:
        """End the turn of one frame of `session`.

        It cost so many processor seconds; None when that is not known, as of a frame given up:
        then it keeps the charge that it was expected to cost. With `more`, the engine still works
        on another part of the frame, and `charge` follows: a dear one goes on to count as such.
        """
        place, account = self._places[session]
        ended = place.under_way.popleft()
        known = ended.of_account.cost if cost is None else cost
        self._time.end(account, ended.of_account, known)
        account.time.end(place, ended.of_session, known)
        if cost is not None:
            self._typical += _SMOOTHING * (cost - self._typical)
            before = cost if place.estimate is None else place.estimate
            place.estimate = max(cost, before + _SMOOTHING * (cost - before))
        if more and ended.dear and session not in self._lingering:
            self._lingering.add(session)
            self._dear_under_way += 1
        self._over(place, account, ended)

    def undo(self, session: int) -> None:
        """Take back the turn that `session` was given last: its frame is not worked on."""
        place, account = self._places[session]
        ended = place.under_way.pop()
        self._time.undo(account, ended.of_account)
        account.time.undo(place, ended.of_session)
        self._over(place, account, ended)

    def charge(
        self,
        session: int,
        cost: float | None,
        piece: float = 0.0,
        account: Hashable | None = None,
    ) -> None:
        """Charge `session` with processor seconds for a part of a frame outside of its slot.

        None when they are not known. `piece` is the longest stretch of them that no other work
        could interrupt: where it is long, the session's frames count as dear. When the session has
        left, its `account` is charged.
        """
        if session in self._lingering:
            self._lingering.remove(session)
            self._dear_under_way -= 1
        if cost is None:
            return
        if session not in self._places:
            owner = self._accounts.find(_key(session, account))
            if owner is not None:
                self._time.add(owner, cost)
                self._queue_account(owner)
            return
        place, owner = self._places[session]
        place.piece = max(piece, place.piece + _SMOOTHING * (piece - place.piece))
        self._time.add(owner, cost)
        owner.time.add(place, cost)
        self._queue(place, owner)

    def _begin(self, place: Place, account: Account, size: int) -> None:
        cost, dear = self._expected(place), self._is_dear(place)
        charges = self._time.begin(account, cost), account.time.begin(place, cost)
        place.under_way.append(UnderWay(*charges, dear, size))
        account.under_way_bytes += size
        self._under_way += 1
        self._dear_under_way += dear

    def _allow_per_session(self, count: int) -> None:
        """Let `count` frames of each session be under way from now on."""
        self._per_session = count
        for place, account in self._places.values():
            if len(place.under_way) >= count:
                self._not_ready(place, account)
            elif place not in account.ready:
                self._ready_if_may(place, account, always=True)

    def _give_up(self, place: Place, account: Account) -> ArrivedFrame | None:
        """Empty the slot of `place` and return what waited there."""
        waiting = account.pop(place)
        if waiting is not None:
            self._waiting -= 1
            account.frames -= 1
        self._not_ready(place, account)
        return waiting

    def _over(self, place: Place, account: Account, ended: UnderWay) -> None:
        self._under_way -= 1
        self._dear_under_way -= ended.dear
        account.frames -= 1
        account.under_way_bytes -= ended.size
        if place.left:
            self._forget_if_over(place)
            self._queue(place, account)
        else:
            self._ready_if_may(place, account, always=True)
        self._rest_if_idle(account)

    def _best(self, now: float) -> tuple[float, Account, Place] | None:
        """Return who goes next at `now`, and its rank."""
        cheap = _first(self._cheap, lambda account: account.cheap)
        if self._dear_under_way >= self._most_dear:
            return cheap
        best = _first(self._ready, lambda account: account.ready)
        last = 0 < self._dear_under_way == self._most_dear - 1
        if best is None or not last or now - self._cheap_at >= RESERVED_SECONDS:
            return best
        # The last worker is left to those who send cheap frames, unless one waits: then time
        # decides between them, when it is known how much a dear frame takes.
        return cheap if cheap is None or best[2].estimate is None else best

    def _expected(self, place: Place) -> float:
        return self._typical if place.estimate is None else place.estimate

    def _is_dear(self, place: Place) -> bool:
        unknown = place.estimate is None
        return unknown or max(place.estimate or 0.0, place.piece) > self._dear_seconds

    def _ready_if_may(self, place: Place, account: Account, *, always: bool) -> None:
        """Let the session be taken from, if it has a frame; `always`: it had one all along."""
        if place.waiting is not None and len(place.under_way) < self._per_session:
            if not account.ready:
                self._time.wait(account, always=always)
                account.arrival = next(self._arrivals)
            account.time.wait(place, always=always)
            place.arrival = next(self._arrivals)
            account.ready.put(place, place.start + self._expected(place))
        self._queue(place, account)

    def _not_ready(self, place: Place, account: Account) -> None:
        account.ready.remove(place)
        account.cheap.remove(place)
        self._queue(place, account)

    def _queue(self, place: Place, account: Account) -> None:
        """Put session and account where they belong now."""
        if place in account.ready:
            end = place.start + self._expected(place)
            account.ready.put(place, end)
            if self._is_dear(place):
                account.cheap.remove(place)
            else:
                account.cheap.put(place, end)
        self._queue_account(account)

    def _queue_account(self, account: Account) -> None:
        for queue, of_account in ((self._ready, account.ready), (self._cheap, account.cheap)):
            best = of_account.first()
            if best is None or not self._has_room(account, best[1]):
                queue.remove(account)
            else:
                queue.put(account, account.start + self._expected(best[1]))

    def _has_room(self, account: Account, place: Place) -> bool:
        """Tell whether the waiting frame of `place` is within its account's bytes under way."""
        assert place.waiting is not None, "who is ready has a frame"
        size = account.under_way_bytes + len(place.waiting.jpeg)
        most = self._waiting_bytes * self._most_dear / 2
        return not account.under_way_bytes or size <= most

    def _forget_if_over(self, place: Place) -> None:
        if not place.under_way:
            del self._places[place.session]

    def _rest_if_idle(self, account: Account) -> None:
        if not account.frames:
            account.time.rest()
        if not self._under_way and not self._waiting:
            self._time.rest()


def _key(session: int, account: Hashable | None) -> Hashable:
    return ("session", session) if account is None else ("account", account)


def _first(
    accounts: ShareQueue[Account], places: Callable[[Account], ShareQueue[Place]]
) -> tuple[float, Account, Place] | None:
    """Return the first of the `accounts`, its rank, and the first of its `places`."""
    first = accounts.first()
    if first is None:
        return None
    rank, account = first
    best = places(account).first()
    assert best is not None, "an account in a queue has a session that is ready"
    return rank, account, best[1]
