"""Keeps the memory of large frames for the next ones."""

import ctypes
import os
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""`M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` of mallopt(3)."""
KEPT_BYTES: Final = 32 * 2**20
"""Freed memory at the end of the heap that is kept: a few frames of the largest size."""
LARGEST_BYTES: Final = 8 * 2**20
"""Size from which memory is fetched from the system, and given back, by itself."""


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory; False where it is not glibc, or told otherwise.

    By itself glibc gives the memory of a large frame back to the system as soon as the frame has
    gone, and fetches it again for the next, page by page and cleared. That takes several
    milliseconds for each copy of a frame of 4 MB, in which no other thread of Python runs.
    `python -m benchmarks.large_messages` measures it.
    """
    told = "GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"
    if any(name in os.environ for name in told):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    kept = bool(set_option(_TRIM_THRESHOLD, KEPT_BYTES))
    return kept and bool(set_option(_MMAP_THRESHOLD, LARGEST_BYTES))
