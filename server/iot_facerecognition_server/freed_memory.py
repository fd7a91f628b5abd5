"""Keeps the memory of large frames for the next ones, and gives back that of starting."""

import ctypes
import os
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""`M_TRIM_THRESHOLD`, `M_MMAP_THRESHOLD` and `M_ARENA_MAX` of mallopt(3)."""
KEPT_BYTES: Final = 64 * 2**20
"""Freed memory at the end of the heap that is kept: a few frames of the largest size, or what YuNet
needs for a picture of 1280 x 720."""
ARENAS: Final = 2
"""Heaps that threads share: with one for each thread, what one has freed is of no use to another,
and frames of the largest size take 30 MB more in all."""
LARGEST_BYTES: Final = 16 * 2**20
"""Size from which memory is fetched from the system, and given back, by itself: YuNet's largest
tensor for a picture of 1280 x 720 has 15 MB."""


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory; False where it is not glibc, or configured otherwise.

    By itself glibc gives the memory of a large frame back to the system as soon as the frame has
    gone, and fetches it again for the next, page by page and cleared. That takes several
    milliseconds for each copy of a frame of 4 MB, in which no other thread of Python runs.
    `python -m benchmarks.large_messages` measures it.
    """
    configured = (
        "GLIBC_TUNABLES",
        "MALLOC_ARENA_MAX",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
    )
    if any(name in os.environ for name in configured):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    options = (
        (_ARENA_MAX, ARENAS),
        (_TRIM_THRESHOLD, KEPT_BYTES),
        (_MMAP_THRESHOLD, LARGEST_BYTES),
    )
    done = [bool(set_option(*option)) for option in options]
    return all(done)


def give_back_freed_memory() -> bool:
    """Give back to the system, once, what is free in all heaps; False where it is not glibc.

    Reading networks leaves 40 MB free in pieces, too far from the heaps' ends for glibc to give
    them back by itself. It takes some 10 ms.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and bool(trim(0))
