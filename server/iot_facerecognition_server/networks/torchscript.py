"""Networks as TorchScript, which runs without the GIL from end to end."""

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
    """Return `network` as TorchScript for (N, 3, `side`, `side`) uint8 pictures, warmed up.

    Eager torch takes the GIL back after each of a hundred operations, and waits up to the
    interpreter's switch interval each time another thread computes. TorchScript is deprecated with
    nothing in its place that needs no compiler; where it is gone, the network runs eagerly.

    It is made at each start, out of verified weights, and not kept: loading TorchScript runs what
    is in the file (docs/decisions/start.md).
    """
    network.requires_grad_(requires_grad=False)
    forward = _traced(network, side)
    with torch.inference_mode():
        for _ in range(_WARM_UP):
            forward(_example(side))
    return forward


def _traced(network: nn.Module, side: int) -> Forward:
    """Return `network` as one function with its weights as constants.

    A function is traced in the time of one forward; a module's tracer first translates every
    module, which takes twice as long.
    """

    def run(pictures: Tensor) -> Tensor:
        outputs: Tensor = network(pictures)
        return outputs

    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            function: Forward = torch.jit.trace(  # type: ignore[no-untyped-call]
                run, _example(side), check_trace=False
            )
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        # A PyTorch without TorchScript, or one that cannot trace this network. What is wrong with
        # the network itself comes out at the self-test, which runs what is returned here.
        _log.warning("No TorchScript (%s): networks will hold up other threads", error)
        return network
    return function


def _example(side: int) -> Tensor:
    return torch.zeros((2, side, side, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
