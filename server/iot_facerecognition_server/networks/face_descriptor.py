"""The network that turns a face chip into 128 numbers, near each other for one person."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from iot_facerecognition_server.networks.dlib_format import DlibFormatError
from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.lane import Lane
from iot_facerecognition_server.networks.precision import TYPES, Precision
from iot_facerecognition_server.networks.residual import NetworkStructureError, ResidualNetwork
from iot_facerecognition_server.networks.torchscript import scripted

DESCRIPTOR_SIZE: Final = 128
CHIP_SIZE: Final = 150
"""Side in pixels of the chips that the network was trained on."""
SMALLEST_CHIP: Final = 103
"""Side in pixels below which nothing is left of a chip before the last layer."""


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
        self, forward: Callable[[Tensor], Tensor], lane: Lane, precision: Precision
    ) -> None:
        """Wrap `forward`, (N, 3, S, S) uint8 to (N, 128), on the device of `lane`; see `load`."""
        self._forward = forward
        self._lane = lane
        self.precision = precision

    @classmethod
    def load(
        cls,
        path: Path,
        device: str = "cpu",
        precision: Precision = Precision.FP32,
    ) -> Self:
        """Read dlib's file at `path` and make it ready on `device` ("cpu", "cuda", "cuda:1").

        On a CPU it is compiled. Raises NetworkFileError.
        """
        lane = Lane(device)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _unusable(path, error) from error
        network = _network(path, content, lane, precision)
        forward = scripted(network, CHIP_SIZE) if lane.on_cpu else network
        return cls(forward, lane, precision)

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
        (descriptors,) = self._lane.run(self._step, chips)
        return descriptors

    def _step(self, chips: Tensor) -> tuple[Tensor]:
        return (self._forward(chips.permute(0, 3, 1, 2)).float(),)


def _network(path: Path, content: bytes, lane: Lane, precision: Precision) -> ResidualNetwork:
    """Return the network in `content`, which was read from `path`. Raises NetworkFileError."""
    try:
        network = ResidualNetwork(read_network(content))
    except (DlibFormatError, NetworkStructureError) as error:
        raise _unusable(path, error) from error
    if network.outputs != DESCRIPTOR_SIZE:
        raise NetworkFileError(f"{path} gives {network.outputs} numbers, not {DESCRIPTOR_SIZE}")
    network.place(lane.device, TYPES[precision])
    return network


def _unusable(path: Path, error: Exception) -> NetworkFileError:
    return NetworkFileError(
        f"{path} holds no face descriptor network: {error}; "
        "fetch dlib_face_recognition_resnet_model_v1.dat again"
    )
