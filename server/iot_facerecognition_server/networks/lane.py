"""A network's way onto a device and back."""

import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Step = Callable[[Tensor], tuple[Tensor, ...]]
"""Takes pictures on the device, uint8 of any shape, and returns tensors of which each is wanted."""

_GROWTH: Final = 2


class Lane:
    """Runs steps on one device; any thread may, one at a time where the device is a GPU.

    On CUDA it has a stream of its own and page-locked memory, which is kept and grows by doubling.
    Copies and kernels of a step are queued without waiting; the caller waits once, for the results,
    without the GIL. On a CPU the step is simply called.
    """

    def __init__(self, device: str) -> None:
        """Prepare for `device` ("cpu", "cuda", "cuda:1")."""
        self.device = torch.device(device)
        self._lock = threading.Lock()
        self._staging = torch.empty(0, dtype=torch.uint8)
        self._results: list[Tensor] = []
        self._stream: torch.cuda.Stream | None = None
        if self.device.type == "cuda":
            self._stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]

    @property
    def on_cpu(self) -> bool:
        """Whether the device is the CPU."""
        return self._stream is None

    def run(self, step: Step, pictures: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """Return what `step` makes of `pictures`, each in memory of its own."""
        plain = torch.from_numpy(np.require(pictures, requirements=("C", "W")))
        if self._stream is None:
            with torch.inference_mode():
                return tuple(result.numpy() for result in step(plain))
        with self._lock, torch.inference_mode(), torch.cuda.stream(self._stream):
            # Weights were put in place on the default stream, which this one does not wait for.
            self._stream.wait_stream(torch.cuda.default_stream(self.device))
            return self._run_on_stream(step, plain)

    def _run_on_stream(self, step: Step, plain: Tensor) -> tuple[NDArray[Any], ...]:
        staged = self._staged(plain.numel()).reshape(plain.shape)
        staged.copy_(plain)
        results = step(staged.to(self.device, non_blocking=True))
        landed = [self._landing(number, result) for number, result in enumerate(results)]
        for target, result in zip(landed, results, strict=True):
            target.copy_(result, non_blocking=True)
        done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        done.record()
        done.synchronize()
        return tuple(target.numpy().copy() for target in landed)

    def _staged(self, size: int) -> Tensor:
        """Return page-locked memory for `size` bytes of pictures."""
        if self._staging.numel() < size:
            self._staging = _page_locked(_GROWTH * size, torch.uint8)
        return self._staging[:size]

    def _landing(self, number: int, result: Tensor) -> Tensor:
        """Return page-locked memory for the result of this `number`."""
        if number == len(self._results):
            self._results.append(torch.empty(0, dtype=result.dtype))
        memory = self._results[number]
        if memory.numel() < result.numel() or memory.dtype != result.dtype:
            memory = self._results[number] = _page_locked(_GROWTH * result.numel(), result.dtype)
        return memory[: result.numel()].reshape(result.shape)


def queued(values: NDArray[Any], device: torch.device) -> Tensor:
    """Return `values` on `device`, for use within a step.

    Their copy is queued on the step's stream; one out of pageable memory would be waited for.
    """
    plain = torch.from_numpy(values)
    if device.type == "cpu":
        return plain
    return plain.pin_memory().to(device, non_blocking=True)


def _page_locked(count: int, dtype: torch.dtype) -> Tensor:
    return torch.empty(count, dtype=dtype, pin_memory=True)
