"""A network as the engine feeds it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BatchedNetwork:
    """Pictures, (N, side, side, 3) uint8, to rows, (N, M) float32.

    `run` is called from any thread, with at most `batch_size` pictures of one size. On a GPU it has
    a thread of its own (`own_thread`), on a CPU the workers run it between scans. What is urgent
    goes before a network in the `background`.
    """

    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    batch_size: int
    own_thread: bool = False
    background: bool = False
