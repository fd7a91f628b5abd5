"""YuNet in torch, for batches of pictures on a GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.lane import Lane
from iot_facerecognition_server.networks.precision import TYPES, Precision
from iot_facerecognition_server.networks.yunet.faces import (
    BOX,
    MOST_CANDIDATES,
    check_pictures,
    faces,
    padded_size,
)
from iot_facerecognition_server.networks.yunet.layers import YunetLayers, run_yunet
from iot_facerecognition_server.networks.yunet.onnx_file import Filters


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFilters:
    """A convolution's weights and biases on a device."""

    weights: Tensor
    biases: Tensor


class TorchOperations:
    """`Operations` by torch, on channels-last maps."""

    def halved_by(self, maps: Tensor, layer: PlacedFilters) -> Tensor:
        """Convolve by 3 x 3 at every other place."""
        return functional.conv2d(maps, layer.weights, layer.biases, stride=2, padding=1)

    def mixed(self, maps: Tensor, layer: PlacedFilters) -> Tensor:
        """Convolve by 1 x 1."""
        return functional.conv2d(maps, layer.weights, layer.biases)

    def spread(self, maps: Tensor, layer: PlacedFilters) -> Tensor:
        """Convolve each channel by 3 x 3 of its own."""
        groups = len(layer.weights)
        return functional.conv2d(maps, layer.weights, layer.biases, padding=1, groups=groups)

    def rectified(self, maps: Tensor) -> Tensor:
        """Replace what is below zero, in place."""
        return maps.relu_()

    def halved(self, maps: Tensor) -> Tensor:
        """Take the largest of each 2 x 2."""
        return functional.max_pool2d(maps, 2)

    def added_doubled(self, maps: Tensor, smaller: Tensor) -> Tensor:
        """Add `smaller`, doubled."""
        return maps + functional.interpolate(smaller, scale_factor=2.0, mode="nearest")

    def joined(self, levels: Sequence[Tensor]) -> Tensor:
        """Return (N, channels, places)."""
        return torch.cat([level.flatten(2) for level in levels], dim=2)


class TorchYunet:
    """YuNet on one device. One instance serves all threads."""

    _operations: Final = TorchOperations()

    def __init__(self, layers: YunetLayers[Filters], lane: Lane, precision: Precision) -> None:
        """Put `layers` onto the device of `lane`."""
        self._lane = lane
        self._dtype = TYPES[precision]
        self._layers = layers.converted(self._placed)

    @classmethod
    def on(
        cls, device: str, layers: YunetLayers[Filters], precision: Precision = Precision.FP32
    ) -> Self:
        """Make it ready on `device` ("cpu", "cuda", "cuda:1")."""
        return cls(layers, Lane(device), precision)

    def detect(self, pictures: NDArray[np.uint8]) -> list[list[Detection]]:
        """Return the faces on each of (N, h, w, 3) uint8 RGB pictures, as `faces` does.

        Raises ValueError for other shapes and types.
        """
        check_pictures(pictures)
        height, width = pictures.shape[1:3]
        if not len(pictures) or not width or not height:
            return [[] for _ in pictures]
        size = padded_size(width, height)
        values, places = self._lane.run(self._best, pictures)
        return [faces(*candidates, size) for candidates in zip(values, places, strict=True)]

    def values(self, pictures: Tensor) -> Tensor:
        """Return what the network gives for (N, h, w, 3) uint8, (N, OUTPUTS, places) float32."""
        height, width = pictures.shape[1:3]
        wide, high = padded_size(width, height)
        maps = pictures.permute(0, 3, 1, 2).to(self._dtype)  # channels last without a copy of it
        maps = functional.pad(maps, (0, wide - width, 0, high - height))
        return run_yunet(self._operations, self._layers, maps).float()

    def _best(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values at the most likely places, (N, OUTPUTS, K), and the places, (N, K)."""
        values = self.values(pictures)
        likely = values[:, : BOX.start].sigmoid().prod(dim=1)
        places = likely.topk(min(MOST_CANDIDATES, likely.shape[1])).indices
        return values.gather(2, places[:, None].expand(-1, values.shape[1], -1)), places

    def _placed(self, filters: Filters) -> PlacedFilters:
        weights = torch.from_numpy(filters.weights).to(self._lane.device, self._dtype)
        biases = torch.from_numpy(filters.biases).to(self._lane.device, self._dtype)
        return PlacedFilters(weights.contiguous(memory_format=torch.channels_last), biases)
