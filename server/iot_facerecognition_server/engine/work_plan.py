"""What a free worker does next."""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

Scan = TypeVar("Scan")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ScanWork(Generic[Scan]):
    """Scan one frame."""

    scan: Scan


@dataclass(frozen=True, slots=True)
class BatchWork(Generic[Item]):
    """Run the network over these items at once."""

    items: tuple[Item, ...]


class WorkPlan(Generic[Scan, Item]):
    """Orders scans and network batches so that no worker idles and batches fill by themselves.

    A network over eight chips costs half of eight times one chip, so a batch is worth waiting for,
    but never with idle hands: while there are frames to scan, chips gather; a batch runs when it is
    full or when there is nothing left to scan. Under load batches are full, and a lone client's
    chip is worked on at once. Plain: the caller brings threads and lock.
    """

    def __init__(self, batch_size: int) -> None:
        """Let a batch hold up to `batch_size` items."""
        if batch_size < 1:
            raise ValueError(f"a batch holds at least one item, not {batch_size}")
        self._batch_size = batch_size
        self._scans: deque[Scan] = deque()
        self._items: deque[Item] = deque()

    @property
    def backlog(self) -> int:
        """Scans and items that nobody has begun."""
        return len(self._scans) + len(self._items)

    def add_scan(self, scan: Scan) -> None:
        """Put a frame's scan at the end of the line."""
        self._scans.append(scan)

    def add_items(self, items: list[Item]) -> None:
        """Put a scanned frame's items at the end of the line."""
        self._items.extend(items)

    def take(self) -> ScanWork[Scan] | BatchWork[Item] | None:
        """Return the next piece of work, None when there is none."""
        if len(self._items) >= self._batch_size or (self._items and not self._scans):
            count = min(len(self._items), self._batch_size)
            return BatchWork(tuple(self._items.popleft() for _ in range(count)))
        if self._scans:
            return ScanWork(self._scans.popleft())
        return None

    def give_up_scans(self) -> list[Scan]:
        """Return the scans that nobody has begun, and forget them."""
        given_up = list(self._scans)
        self._scans.clear()
        return given_up
