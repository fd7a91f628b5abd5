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


class WorkPlan(Generic[Scan, Network, Item]):
    """Orders scans and network batches so that no worker idles and batches fill by themselves.

    A network over a batch costs less than over its items one by one, so a batch is worth waiting
    for, but never with idle hands: while there are frames to scan, items gather; a batch runs when
    it is full, when there is nothing left to scan, or when its oldest item has let `patience` scans
    go before it. Under load batches are full, and a lone client's face is worked on at once.
    Plain: the caller brings threads and lock.
    """

    def __init__(self, batch_sizes: Mapping[Network, int], patience: int) -> None:
        """Let a batch of each network hold up to its number of items (at least 1)."""
        if min(batch_sizes.values(), default=1) < 1:
            raise ValueError(f"a batch holds at least one item: {batch_sizes}")
        self._lines: dict[Network, _Line[Item]] = {
            network: _Line(size) for network, size in batch_sizes.items()
        }
        self._patience = patience
        self._scans: deque[Scan] = deque()

    @property
    def backlog(self) -> int:
        """Scans and items that nobody has begun."""
        return len(self._scans) + sum(len(line.items) for line in self._lines.values())

    def add_scan(self, scan: Scan) -> None:
        """Put a frame's scan at the end of the line."""
        self._scans.append(scan)

    def add_items(self, network: Network, items: list[Item]) -> None:
        """Put a scanned frame's items at the end of their network's line."""
        self._lines[network].items.extend(items)

    def take(self) -> ScanWork[Scan] | BatchWork[Network, Item] | None:
        """Return the next piece of work, None when there is none."""
        for network, line in self._lines.items():
            full = len(line.items) >= line.batch_size
            if full or (line.items and (not self._scans or line.passed_over >= self._patience)):
                return BatchWork(network, self._take_batch(line))
        if not self._scans:
            return None
        for line in self._lines.values():
            line.passed_over += bool(line.items)
        return ScanWork(self._scans.popleft())

    def give_up_scans(self) -> list[Scan]:
        """Return the scans that nobody has begun, and forget them."""
        given_up = list(self._scans)
        self._scans.clear()
        return given_up

    def _take_batch(self, line: _Line[Item]) -> tuple[Item, ...]:
        line.passed_over = 0
        count = min(len(line.items), line.batch_size)
        return tuple(line.items.popleft() for _ in range(count))
