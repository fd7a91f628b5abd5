"""Who has had how much processor time: virtual time, as fair queueing keeps it.

Each frame starts where its sender's last one ended, and ends its expected cost later; the smallest
end goes first, so that a cheap frame passes a dear one (Golestani, "A self-clocked fair queueing
scheme", 1994). Nobody who was idle starts below the virtual time, the start of what is served
(Goyal, Vin and Cheng, "Start-time fair queueing", 1996). Frames that were handed on and wait
elsewhere are not served yet, so here it is the start of what was done last: else whoever has many
frames on the way would make it run ahead, and the others' credit with it.
"""

import heapq
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

MOST_CREDIT: Final = 1.0
"""Seconds by which one that always had a frame waiting may be behind; who was idle has none."""
_STALE: Final = 64
"""Entries that a queue may hold besides two for each share before it is cleared of old ones."""


@dataclass(slots=True, eq=False)
class FairShare:
    """One of those that are to have equal processor time, in virtual seconds."""

    paid_until: float = 0.0
    """The time up to which its frames are paid for."""
    earliest: float = 0.0
    """The time before which its next frame does not start."""
    arrival: int = 0
    """Decides between shares whose frames end at the same time."""

    @property
    def start(self) -> float:
        """The time at which its next frame starts."""
        return max(self.earliest, self.paid_until)


@dataclass(frozen=True, slots=True)
class Charge:
    """One frame of a share: its start, and what it is expected to cost in seconds."""

    start: float
    cost: float


class VirtualTime:
    """The time that some shares have in common. Plain; every call takes constant time."""

    def __init__(self) -> None:
        self._now = 0.0
        self._latest = 0.0

    @property
    def now(self) -> float:
        """The latest start among the frames that are done, in virtual seconds."""
        return self._now

    def wait(self, share: FairShare, *, always: bool) -> None:
        """Let `share` have a frame that may be taken; `always`: it had one waiting all along."""
        share.earliest = self._now - MOST_CREDIT if always else self._now

    def begin(self, share: FairShare, cost: float) -> Charge:
        """Charge `share` with a frame that is expected to cost so much."""
        charge = Charge(share.start, cost)
        share.paid_until = charge.start + cost
        return charge

    def end(self, share: FairShare, charge: Charge, cost: float) -> None:
        """Put the real `cost` of a frame in the place of its `charge`."""
        self._now = max(self._now, charge.start)
        self.add(share, cost - charge.cost)

    def undo(self, share: FairShare, charge: Charge) -> None:
        """Take back what was charged for a frame that is not worked on."""
        share.paid_until -= charge.cost

    def add(self, share: FairShare, cost: float) -> None:
        """Charge `share` with more."""
        share.paid_until += cost
        self._latest = max(self._latest, share.paid_until)

    def rest(self) -> None:
        """Let all start equal: nobody waits and nothing is under way."""
        self._now = max(self._now, self._latest)


ShareType = TypeVar("ShareType", bound=FairShare)


class ShareQueue(Generic[ShareType]):
    """Shares by the end of their next frame, the smallest first. Logarithmic time a call."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, ShareType]] = []
        self._newest: dict[ShareType, tuple[float, int, ShareType]] = {}

    def __len__(self) -> int:
        """Return the number of shares."""
        return len(self._newest)

    def __contains__(self, share: object) -> bool:
        """Tell whether a share is queued."""
        return share in self._newest

    def put(self, share: ShareType, end: float) -> None:
        """Queue a share, or move it when it is there already."""
        known = self._newest.get(share)
        if known is not None and known[0] == end and known[1] == share.arrival:
            return
        entry = (end, share.arrival, share)
        self._newest[share] = entry
        heapq.heappush(self._heap, entry)
        if len(self._heap) > _STALE + 2 * len(self._newest):
            self._heap = list(self._newest.values())
            heapq.heapify(self._heap)

    def remove(self, share: ShareType) -> None:
        """Take a share out, if it is there."""
        self._newest.pop(share, None)

    def first(self) -> tuple[float, ShareType] | None:
        """Return the share whose frame ends first, and that end; None when there is none."""
        heap, newest = self._heap, self._newest
        while heap and newest.get(heap[0][2]) is not heap[0]:
            heapq.heappop(heap)
        return (heap[0][0], heap[0][2]) if heap else None
