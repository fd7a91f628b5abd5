"""The network that turns a face chip into 128 numbers, near each other for one person."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from iot_facerecognition_server.networks.dlib_format import DlibFormatError
from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.networks.residual import NetworkStructureError, ResidualNetwork

DESCRIPTOR_SIZE: Final = 128
SMALLEST_CHIP: Final = 103
"""Side in pixels below which nothing is left of a chip before the last layer."""

_TYPES: Final = {
    Precision.FP32: torch.float32,
    Precision.BF16: torch.bfloat16,
    Precision.FP16: torch.float16,
}
_WARM_UP: Final = 3
"""Forwards before TorchScript has settled on its plan."""

_log = logging.getLogger(__name__)


class NetworkFileError(Exception):
    """A network's file is missing, damaged or holds another network; names file and cure."""


class FaceDescriptorNetwork:
    """dlib's `dlib_face_recognition_resnet_model_v1`, run by torch.

    Descriptors of one person are less than 0.6 apart (Euclidean), of two people more: the network
    was trained for that. One instance serves all threads. On a CPU the GIL is released during a
    whole forward (docs/decisions/descriptor-network.md); how many threads torch uses inside of one
    is up to the caller (`torch.set_num_threads`).
    """

    def __init__(
        self, forward: Callable[[Tensor], Tensor], device: torch.device, precision: Precision
    ) -> None:
        """Wrap `forward`, (N, 3, S, S) uint8 to (N, 128), on `device`; see `load`."""
        self._forward = forward
        self._device = device
        self.precision = precision

    @classmethod
    def load(cls, path: Path, device: str = "cpu", precision: Precision = Precision.FP32) -> Self:
        """Read dlib's file at `path` and make it ready on `device` ("cpu", "cuda", "cuda:1").

        Raises NetworkFileError.
        """
        try:
            network = ResidualNetwork(read_network(path.read_bytes()))
        except (OSError, DlibFormatError, NetworkStructureError) as error:
            raise NetworkFileError(
                f"{path} holds no face descriptor network: {error}; "
                "fetch dlib_face_recognition_resnet_model_v1.dat again"
            ) from error
        if network.outputs != DESCRIPTOR_SIZE:
            raise NetworkFileError(f"{path} gives {network.outputs} numbers, not {DESCRIPTOR_SIZE}")
        target = torch.device(device)
        network.place(target, _TYPES[precision])
        forward = _scripted(network) if target.type == "cpu" else network
        return cls(forward, target, precision)

    def describe(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, 128) float32 descriptors of (N, S, S, 3) uint8 RGB chips.

        S is 150, the size that the network was trained on, or any other from 103 on. Raises
        ValueError for other shapes and types.
        """
        if chips.ndim != 4 or chips.shape[3] != 3 or chips.dtype != np.uint8:  # noqa: PLR2004
            raise ValueError(f"chips are (N, S, S, 3) uint8, not {chips.shape} {chips.dtype}")
        if not len(chips):
            return np.empty((0, DESCRIPTOR_SIZE), np.float32)
        if min(chips.shape[1:3]) < SMALLEST_CHIP:
            raise ValueError(f"chips have {SMALLEST_CHIP} pixels a side or more: {chips.shape}")
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(chips)).to(self._device)
            descriptors: NDArray[np.float32] = (
                self._forward(pixels.permute(0, 3, 1, 2)).float().cpu().numpy()
            )
        return descriptors


def _scripted(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """Return `network` as frozen TorchScript, which runs without the GIL from end to end.

    Eager torch takes it back after each of a hundred operations, and waits up to the interpreter's
    switch interval (5 ms) each time another thread computes. TorchScript is deprecated with nothing
    in its place that needs no compiler; where it is gone, the network runs eagerly.
    """
    example = torch.zeros((2, 150, 150, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            traced = torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]
            scripted = torch.jit.freeze(traced)
            for _ in range(_WARM_UP):
                scripted(example)
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        _log.warning("No TorchScript (%s): descriptors will hold up other threads", error)
        return network
    compiled: Callable[[Tensor], Tensor] = scripted
    return compiled
