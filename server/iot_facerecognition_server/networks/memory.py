"""What is done when the device's memory does not suffice for a batch."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, Self, TypeVar

import torch

_log = logging.getLogger(__name__)

_RECOVERY: Final = 100
"""Runs without a fault after which a batch twice as large is tried again."""
_ALSO_OUT_OF_MEMORY: Final = ("out of memory", "ALLOC_FAILED")
"""How cuDNN, cuBLAS and page-locked allocation say it, each as a RuntimeError."""


class Divisible(Protocol):
    """Pictures in one array, or in a list: what can be run in parts."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, part: slice, /) -> Self:
        """Return some of them."""


Batch = TypeVar("Batch", bound=Divisible)
Rows = TypeVar("Rows")


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether `error` is the device's memory running out."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        sign in str(error) for sign in _ALSO_OUT_OF_MEMORY
    )


class HalvingNetwork(Generic[Batch, Rows]):
    """Runs a network over batches, in halves where the memory does not suffice for a whole one.

    What was too much is not tried again at once: batches stay at the size that fitted, and grow
    back when all has gone well for a while. Called from any thread.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Batch], Rows],
        joined: Callable[[Sequence[Rows]], Rows],
        *,
        count: Callable[[], None] = lambda: None,
        release: Callable[[], None] = torch.cuda.empty_cache,
    ) -> None:
        """Wrap `run`; `joined` makes one result of those of consecutive parts.

        `count` is called for each batch that was too much, and `release` gives unused memory back.
        """
        self._name = name
        self._run = run
        self._joined = joined
        self._count = count
        self._release = release
        self._lock = threading.Lock()
        self._limit: int | None = None
        self._good_runs = 0

    @property
    def limit(self) -> int | None:
        """Pictures that are run at once at most; None while any number fits."""
        return self._limit

    def __call__(self, pictures: Batch) -> Rows:
        """Return what the network makes of `pictures`.

        Raises torch.OutOfMemoryError or RuntimeError when not even one picture fits.
        """
        parts: list[Rows] = []
        begin = 0
        while begin < len(pictures) or not parts:
            part = pictures[begin : begin + (self._limit or len(pictures))]
            rows = self._attempt(part)
            if rows is None:
                self._shrink(len(part))
                continue
            parts.append(rows)
            begin += len(part)
            self._recover()
        return parts[0] if len(parts) == 1 else self._joined(parts)

    def _attempt(self, part: Batch) -> Rows | None:
        """Run one part; None when it was too much. What it held is free again on return."""
        try:
            return self._run(part)
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if not is_out_of_memory(error):
                raise
            self._count()
            _log.warning(
                "%s: no memory for a batch of %d pictures: %s",
                self._name,
                len(part),
                str(error).partition("\n")[0],
            )
            if len(part) <= 1:
                raise
        self._release()
        return None

    def _shrink(self, failed: int) -> None:
        with self._lock:
            self._limit = min(self._limit or failed, max(1, failed // 2))
            self._good_runs = 0

    def _recover(self) -> None:
        with self._lock:
            if self._limit is None:
                return
            self._good_runs += 1
            if self._good_runs >= _RECOVERY:
                self._limit *= 2
                self._good_runs = 0
