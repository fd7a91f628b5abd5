"""Networks as frozen TorchScript, which runs without the GIL from end to end."""

import logging
import warnings
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn

_log = logging.getLogger(__name__)

_WARM_UP: Final = 3
"""Forwards before TorchScript has settled on its plan."""

Forward = Callable[[Tensor], Tensor]


def scripted(network: nn.Module, side: int) -> Forward:
    """Return `network` for (N, 3, `side`, `side`) uint8 pictures as frozen TorchScript.

    Eager torch takes the GIL back after each of a hundred operations, and waits up to the
    interpreter's switch interval each time another thread computes. TorchScript is deprecated with
    nothing in its place that needs no compiler; where it is gone, the network runs eagerly.
    """
    example = torch.zeros((2, side, side, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]
            frozen = torch.jit.freeze(traced)
            for _ in range(_WARM_UP):
                frozen(example)
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        _log.warning("No TorchScript (%s): networks will hold up other threads", error)
        return network
    compiled: Forward = frozen
    return compiled
