"""What a free worker does next."""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Scan = TypeVar("Scan")
Item = TypeVar("Item")
Network = TypeVar("Network", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ScanWork(Generic[Scan]):
    """Scan one frame."""

    scan: Scan


@dataclass(frozen=True, slots=True)
class BatchWork(Generic[Network, Item]):
    """Run `network` over these items at once."""

    network: Network
    items: tuple[Item, ...]


@dataclass(slots=True)
class _Line(Generic[Item]):
    """The items that wait for one network, and how many scans have gone before the oldest."""

    batch_size: int
    items: deque[Item] = field(default_factory=deque)
    passed_over: int = 0


class _Lane(Generic[Scan, Network, Item]):
    """The scans of one urgency and the items that come of them."""

    def __init__(self, batch_sizes: Mapping[Network, int], patience: int) -> None:
        self.lines: dict[Network, _Line[Item]] = {
            network: _Line(size) for network, size in batch_sizes.items()
        }
        self.scans: deque[Scan] = deque()
        self._patience = patience

    @property
    def backlog(self) -> int:
        return len(self.scans) + sum(len(line.items) for line in self.lines.values())

    def take(self) -> ScanWork[Scan] | BatchWork[Network, Item] | None:
        """Return a batch that is full or cannot wait any longer, else a scan."""
        for network, line in self.lines.items():
            full = len(line.items) >= line.batch_size
            if full or (line.items and (not self.scans or line.passed_over >= self._patience)):
                line.passed_over = 0
                count = min(len(line.items), line.batch_size)
                return BatchWork(network, tuple(line.items.popleft() for _ in range(count)))
        if not self.scans:
            return None
        for line in self.lines.values():
            line.passed_over += bool(line.items)
        return ScanWork(self.scans.popleft())


class WorkPlan(Generic[Scan, Network, Item]):
    """Orders scans and network batches so that no worker idles and batches fill by themselves.

    A network over a batch costs less than over its items one by one, so a batch is worth waiting
    for, but never with idle hands: while there are frames to scan, items gather; a batch runs when
    it is full, when there is nothing left to scan, or when its oldest item has let `patience` scans
    go before it. Under load batches are full, and a lone client's face is worked on at once.

    What is in the background gets its turn when nothing urgent is there, and after every `patience`
    pieces of urgent work, so that it neither holds up the urgent nor waits for ever.
    Plain: the caller brings threads and lock.
    """

    def __init__(
        self,
        urgent: Mapping[Network, int],
        background: Mapping[Network, int],
        patience: int,
    ) -> None:
        """Take the networks of each urgency, with how many items (at least 1) a batch holds."""
        if min([*urgent.values(), *background.values()], default=1) < 1:
            raise ValueError(f"a batch holds at least one item: {urgent} {background}")
        self._urgent: _Lane[Scan, Network, Item] = _Lane(urgent, patience)
        self._background: _Lane[Scan, Network, Item] = _Lane(background, patience)
        self._patience = patience
        self._passed_over = 0

    @property
    def backlog(self) -> int:
        """Scans and items that nobody has begun."""
        return self._urgent.backlog + self._background.backlog

    def add_scan(self, network: Network, scan: Scan) -> None:
        """Put the scan of a frame for `network` at the end of the line."""
        self._lane(network).scans.append(scan)

    def add_items(self, network: Network, items: list[Item]) -> None:
        """Put a scanned frame's items at the end of their network's line."""
        self._lane(network).lines[network].items.extend(items)

    def take(self) -> ScanWork[Scan] | BatchWork[Network, Item] | None:
        """Return the next piece of work, None when there is none."""
        waits = self._background.backlog > 0
        if not waits or self._passed_over < self._patience:
            work = self._urgent.take()
            if work is not None:
                self._passed_over += waits
                return work
        self._passed_over = 0
        return self._background.take() or self._urgent.take()

    def give_up_scans(self) -> list[Scan]:
        """Return the scans that nobody has begun, and forget them."""
        given_up: list[Scan] = []
        for lane in (self._urgent, self._background):
            given_up += lane.scans
            lane.scans.clear()
        return given_up

    def _lane(self, network: Network) -> _Lane[Scan, Network, Item]:
        return self._urgent if network in self._urgent.lines else self._background
