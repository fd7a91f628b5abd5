"""What a free worker does next."""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Scan = TypeVar("Scan")
Item = TypeVar("Item")
Network = TypeVar("Network", bound=Hashable)

RESERVED_SECONDS: Final = 1.0
"""For how long after urgent work one worker stays free of the background: cameras send several
frames a second, so the next one finds a worker, which is not idle once they have gone."""


@dataclass(frozen=True, slots=True)
class ScanWork(Generic[Scan]):
    """Scan one frame."""

    scan: Scan


@dataclass(frozen=True, slots=True)
class BatchWork(Generic[Network, Item]):
    """Run `network` over these items at once."""

    network: Network
    items: tuple[Item, ...]


class _Ranked(Generic[Item]):
    """A line in which the smallest rank goes first and, of equals, whoever came first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Item]] = []
        self._arrivals = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def first_rank(self) -> float:
        """The smallest rank; infinity of nothing."""
        return self._heap[0][0] if self._heap else math.inf

    def put(self, item: Item, rank: float) -> None:
        heapq.heappush(self._heap, (rank, next(self._arrivals), item))

    def pop(self) -> Item:
        return heapq.heappop(self._heap)[2]

    def clear(self) -> list[Item]:
        return [self.pop() for _ in range(len(self))]


@dataclass(slots=True)
class _Line(Generic[Item]):
    """The items that wait for one network, and how many scans have gone before the first."""

    batch_size: int
    items: _Ranked[Item] = field(default_factory=_Ranked)
    passed_over: int = 0


class _Lane(Generic[Scan, Network, Item]):
    """The scans of one urgency and the items that come of them."""

    def __init__(self, batch_sizes: Mapping[Network, int], patience: int, slack: float) -> None:
        self.lines: dict[Network, _Line[Item]] = {
            network: _Line(size) for network, size in batch_sizes.items()
        }
        self.scans: _Ranked[Scan] = _Ranked()
        self._patience = patience
        self._slack = slack

    @property
    def first_rank(self) -> float:
        return min(self.scans.first_rank, *(line.items.first_rank for line in self.lines.values()))

    @property
    def backlog(self) -> int:
        return len(self.scans) + sum(len(line.items) for line in self.lines.values())

    def take(self) -> ScanWork[Scan] | BatchWork[Network, Item] | None:
        """Return a batch that is full or cannot wait any longer, else a scan."""
        for network, line in self.lines.items():
            if line.items and self._goes_first(line):
                line.passed_over = 0
                count = min(len(line.items), line.batch_size)
                return BatchWork(network, tuple(line.items.pop() for _ in range(count)))
        if not self.scans:
            return None
        for line in self.lines.values():
            line.passed_over += bool(line.items)
        return ScanWork(self.scans.pop())

    def _goes_first(self, line: _Line[Item]) -> bool:
        if not self.scans or line.passed_over >= self._patience:
            return True
        ahead = self.scans.first_rank - line.items.first_rank
        full = len(line.items) >= line.batch_size
        return ahead > self._slack or (full and ahead >= 0)


class WorkPlan(Generic[Scan, Network, Item]):
    """Orders scans and network batches so that no worker idles and batches fill by themselves.

    A network over a batch costs less than over its items one by one, so a batch is worth waiting
    for, but never with idle hands: while there are frames to scan, items gather; a batch runs when
    it is full, when there is nothing left to scan, or when its oldest item has let `patience` scans
    go before it. Under load batches are full, and a lone client's face is worked on at once.

    Whoever has had less of the processor goes first: scans and items are worked on by their rank,
    the smallest first, and a full batch does not go before the scan of a smaller rank. A batch does
    not wait for the scan of a rank that is larger by more than `slack`: that one is dear, or of
    somebody who has had a lot.

    What is in the background gets its turn when nothing urgent is there, after every `patience`
    pieces of urgent work, and before what is urgent with a rank larger by more than `slack`, so
    that it neither holds up the urgent nor starves. While urgent work comes, one worker at a
    time is in the background. What is meant for one worker goes before everything.
    Plain: the caller brings threads and lock.
    """

    def __init__(
        self,
        urgent: Mapping[Network, int],
        background: Mapping[Network, int],
        patience: int,
        slack: float = math.inf,
    ) -> None:
        """Take the networks of each urgency, with how many items (at least 1) a batch holds.

        `slack` is in the unit of ranks, seconds of processor time.
        """
        if min([*urgent.values(), *background.values()], default=1) < 1:
            raise ValueError(f"a batch holds at least one item: {urgent} {background}")
        self._urgent: _Lane[Scan, Network, Item] = _Lane(urgent, patience, slack)
        self._background: _Lane[Scan, Network, Item] = _Lane(background, patience, slack)
        self._patience = patience
        self._slack = slack
        self._passed_over = 0
        self._pinned: dict[int, deque[Scan]] = {}
        self._in_background: set[int] = set()
        self._urgent_at = -math.inf

    @property
    def backlog(self) -> int:
        """Scans and items that nobody has begun and any worker may."""
        return self._urgent.backlog + self._background.backlog

    def add_scan(self, network: Network, scan: Scan, rank: float = 0.0) -> None:
        """Put the scan of a frame for `network` into the line, by its rank."""
        self._lane(network).scans.put(scan, rank)

    def add_scan_for(self, worker: int, scan: Scan) -> None:
        """Let `worker` scan a frame before it does anything else."""
        self._pinned.setdefault(worker, deque()).append(scan)

    def add_items(
        self, network: Network, items: Sequence[Item], rank: float = 0.0, step: float = 0.0
    ) -> None:
        """Put a scanned frame's items into their network's line.

        Each batch of them has a rank larger by `step` than the one before, so that a frame with
        many items lets others pass.
        """
        line = self._lane(network).lines[network]
        for place, item in enumerate(items):
            line.items.put(item, rank + place // line.batch_size * step)

    def take(
        self, worker: int = 0, now: float = 0.0
    ) -> ScanWork[Scan] | BatchWork[Network, Item] | None:
        """Return the next piece of work for `worker` at `now`, in seconds; None when there is none.

        That it asks says that its last piece is done.
        """
        self._in_background.discard(worker)
        if pinned := self._pinned.get(worker):
            return ScanWork(pinned.popleft())
        reserved = self._in_background and now - self._urgent_at < RESERVED_SECONDS
        waits = self._background.backlog > 0 and not reserved
        if not waits or not (self._passed_over >= self._patience or self._is_behind()):
            work = self._urgent.take()
            if work is not None:
                self._passed_over += waits
                self._urgent_at = now
                return work
        if not waits:
            return None
        self._passed_over = 0
        self._in_background.add(worker)
        return self._background.take()

    def _is_behind(self) -> bool:
        """Tell whether the background has had much less than what is urgent."""
        return self._urgent.first_rank - self._background.first_rank > self._slack

    def give_up_scans(self) -> list[Scan]:
        """Return the scans that nobody has begun, and forget them."""
        given_up = self._urgent.scans.clear() + self._background.scans.clear()
        for pinned in self._pinned.values():
            given_up += pinned
            pinned.clear()
        return given_up

    def give_up_items(self) -> list[Item]:
        """Return the items that no network has begun with, and forget them."""
        lanes = (self._urgent, self._background)
        return [
            item for lane in lanes for line in lane.lines.values() for item in line.items.clear()
        ]

    def _lane(self, network: Network) -> _Lane[Scan, Network, Item]:
        return self._urgent if network in self._urgent.lines else self._background
