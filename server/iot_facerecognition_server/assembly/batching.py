"""How networks are fed on the device that they run on."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.stages import timed_network

GPU_BATCH: Final = 256
"""Chips or crops in a batch on a GPU at most; what a GPU has no memory for is halved."""
WORKERS_A_CORE: Final = 4
"""Worker threads for each core where a GPU finds the faces: most of them wait for it."""


def batched(
    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    name: str,
    metrics: ServerMetrics,
    device: str,
    cpu_batch: int,
    *,
    background: bool = False,
) -> BatchedNetwork:
    """Return the network `run` as the engine feeds it on `device`, in the `background` or not."""
    timed = timed_network(run, name, metrics)
    if device == "cpu":
        return BatchedNetwork(timed, cpu_batch, background=background)
    count = metrics.out_of_memory.labels(name).inc
    halving = HalvingNetwork(name, timed, np.concatenate, count=count)
    return BatchedNetwork(halving, GPU_BATCH, own_thread=True, background=background)
