"""Whose turn it is: the newest frame of every session, taken in fair turns."""

from collections import OrderedDict
from dataclasses import dataclass

from iot_facerecognition_server.engine.interface import Frame


@dataclass(frozen=True, slots=True)
class Turn:
    """A frame whose turn has come; a `late` one has waited past the deadline: drop it."""

    frame: Frame
    late: bool


@dataclass(slots=True)
class _Place:
    """One session's place: its waiting frame, and how many of its frames are under way."""

    waiting: Frame | None = None
    under_way: int = 0
    queue: OrderedDict[int, None] | None = None
    """The queue that it stands in, while a frame waits and may be taken."""


class FairScheduler:
    """Gives every session with a waiting frame one turn before any gets its second.

    Each session has one slot, and the newest frame takes it. A session with fewer frames under way
    goes first; among equals it is first come, first served, so no session's turn can be delayed by
    more than one frame of each other session. Plain: no clock, no thread; times are passed in.
    Every call takes constant time.
    """

    def __init__(self, capacity: int, per_session: int, max_age: float) -> None:
        """Let `capacity` frames be under way, `per_session` of one session.

        A frame older than `max_age` seconds when its turn comes is late.
        """
        if capacity < 1 or per_session < 1:
            raise ValueError("capacity and per_session are at least 1")
        self._capacity = capacity
        self._max_age = max_age
        self._places: dict[int, _Place] = {}
        # One queue for each count of frames under way; ordered sets, since a place leaves early
        # when its session leaves or moves up.
        self._queues: list[OrderedDict[int, None]] = [OrderedDict() for _ in range(per_session)]
        self._under_way = 0
        self._waiting = 0

    @property
    def under_way(self) -> int:
        """Frames that were taken and not yet done."""
        return self._under_way

    @property
    def waiting(self) -> int:
        """Frames that wait for their turn; never more than there are sessions."""
        return self._waiting

    def join(self, session: int) -> None:
        """Give `session` a place."""
        if session in self._places:
            raise ValueError(f"session {session} has a place already")
        self._places[session] = _Place()

    def leave(self, session: int) -> Frame | None:
        """Take the place away and return the frame that waited there, if any.

        What the session has under way still counts until it is done.
        """
        place = self._places.pop(session)
        self._dequeue(session, place)
        if place.waiting is not None:
            self._waiting -= 1
        return place.waiting

    def offer(self, frame: Frame) -> Frame | None:
        """Put `frame` into its session's slot and return the older one that it replaces, if any."""
        place = self._places[frame.session]
        replaced = place.waiting
        place.waiting = frame
        if replaced is None:
            self._waiting += 1
        self._enqueue(frame.session, place)
        return replaced

    def take(self, now: float) -> Turn | None:
        """Return the next turn, or None when nobody waits or the capacity is used up.

        A late frame uses up no capacity and needs no `done`.
        """
        if self._under_way >= self._capacity:
            return None
        queue = next((queue for queue in self._queues if queue), None)
        if queue is None:
            return None
        session = next(iter(queue))
        place = self._places[session]
        self._dequeue(session, place)
        frame, place.waiting = place.waiting, None
        assert frame is not None, "who stands in a queue has a frame"
        self._waiting -= 1
        late = now - frame.received > self._max_age
        if not late:
            place.under_way += 1
            self._under_way += 1
        return Turn(frame, late)

    def done(self, session: int) -> None:
        """Take note that one frame of `session` is no longer under way."""
        self._under_way -= 1
        place = self._places.get(session)
        if place is not None:
            place.under_way -= 1
            self._dequeue(session, place)
            self._enqueue(session, place)

    def _enqueue(self, session: int, place: _Place) -> None:
        may_be_taken = place.waiting is not None and place.under_way < len(self._queues)
        if may_be_taken and place.queue is None:
            place.queue = self._queues[place.under_way]
            place.queue[session] = None

    def _dequeue(self, session: int, place: _Place) -> None:
        if place.queue is not None:
            del place.queue[session]
            place.queue = None
