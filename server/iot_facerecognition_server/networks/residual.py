"""dlib's residual networks as torch modules, affine layers folded into the convolutions.

`residual` and `residual_down` of dlib's examples (`dnn_face_recognition_ex.cpp`,
`dnn_imagenet_ex.cpp`): both the face descriptor and the ResNet-34 classifier are made of them.
"""

from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from iot_facerecognition_server.networks.dlib_layers import (
    AddPrevious,
    Affine,
    Convolution,
    DlibNetwork,
    Floats,
    FullyConnected,
    Layer,
    Mark,
    Pool,
    Relu,
)

PIXEL_SCALE: Final = 256.0
"""What dlib divides pixels by, after it has subtracted the average (`dlib/dnn/input.h`)."""
_COLOURS: Final = 3

_Kind = TypeVar("_Kind", bound=Layer)


class NetworkStructureError(Exception):
    """A network that dlib could have written, but not of the structure that was asked for."""


class _Convolution(nn.Conv2d):
    """A convolution that is not filled at random first.

    torch's own way to that, the device "meta", imports sympy: a second of a start.
    """

    def reset_parameters(self) -> None:
        """Leave weights and biases as they are: the reader fills them."""


class _Linear(nn.Linear):
    """A fully connected layer that is not filled at random first, as `_Convolution`."""

    def reset_parameters(self) -> None:
        """Leave weights and biases as they are: the reader fills them."""


class ResidualBlock(nn.Module):
    """Two convolutions and a way around both of them."""

    def __init__(self, first: nn.Conv2d, second: nn.Conv2d) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (N, C, H, W) of the same."""
        inner: Tensor = self.second(self.first(pixels).relu_())
        return inner.add_(pixels).relu_()


class ReducingBlock(nn.Module):
    """As `ResidualBlock`, with half the rows and columns and more channels coming out.

    Around an unpadded convolution with stride 2 goes an average over 2 x 2 pixels: of an even
    number of rows it leaves one more than the convolution, and it has fewer channels. dlib's
    `add_prev_` extends either with zeros.
    """

    def __init__(self, first: nn.Conv2d, second: nn.Conv2d) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (N, C', H // 2, W // 2) of (N, C, H, W)."""
        inner = self.second(self.first(pixels).relu_())
        around = functional.avg_pool2d(pixels, 2, 2)
        rows, columns = around.shape[2] - inner.shape[2], around.shape[3] - inner.shape[3]
        inner = functional.pad(inner, (0, columns, 0, rows))
        around = functional.pad(around, (0, 0, 0, 0, 0, inner.shape[1] - around.shape[1]))
        return inner.add_(around).relu_()


class ResidualNetwork(nn.Module):
    """Pixels to outputs: stem, residual blocks, average over the whole picture, linear layer.

    Inputs' average and scale are part of it: it takes RGB values from 0 to 255 as they are.
    """

    average: Tensor

    def __init__(self, network: DlibNetwork) -> None:
        """Build the modules with the weights of `network`. Raises NetworkStructureError."""
        super().__init__()
        reader = _LayerReader(network.layers)
        average = torch.tensor(network.input.average, dtype=torch.float32)
        self.register_buffer("average", average.reshape(1, _COLOURS, 1, 1), persistent=False)
        self.stem = reader.convolution(_COLOURS)
        with torch.no_grad():
            self.stem.weight.div_(PIXEL_SCALE)  # exact, and one pass over the pixels less
        reader.take(Relu)
        self.stem_pool = reader.maximum_pool()
        blocks: list[nn.Module] = []
        channels = self.stem.out_channels
        while reader.next_is(Mark):
            blocks.append(reader.block(channels))
            channels = reader.channels
        self.blocks = nn.Sequential(*blocks)
        reader.whole_average()
        self.linear = reader.linear(channels)
        self.outputs = self.linear.out_features
        self.eval().requires_grad_(requires_grad=False)

    def place(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move to `device` and compute in `dtype`, channels last (twice as fast on CPUs).

        Pixels are centred in float32 whatever `dtype` is.
        """
        average = self.average
        self.to(device, dtype)
        self.average = average.to(device)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.contiguous(
                    memory_format=torch.channels_last
                )

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (N, outputs) in the weights' type of (N, 3, H, W) RGB pixels, 0 to 255."""
        centred = (pixels - self.average).to(self.stem.weight.dtype)
        trunk = self.blocks(self.stem_pool(self.stem(centred).relu_()))
        outputs: Tensor = self.linear(trunk.mean((2, 3)))
        return outputs


class _LayerReader:
    """Takes the layers one after another and says which one does not fit."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._layers = layers
        self._position = 0
        self.channels = 0

    def next_is(self, kind: type[Layer]) -> bool:
        left = self._position < len(self._layers)
        return left and isinstance(self._layers[self._position], kind)

    def take(self, kind: type[_Kind]) -> _Kind:
        """Return the next layer, which must be of `kind`."""
        layer = self._layers[self._position] if self._position < len(self._layers) else None
        if not isinstance(layer, kind):
            raise self._unfit(f"must be {kind.__name__}, not {type(layer).__name__}")
        self._position += 1
        return layer

    def convolution(self, inputs: int) -> nn.Conv2d:
        """Return a convolution of `inputs` channels and the affine layer after it as one."""
        layer, affine = self.take(Convolution), self.take(Affine)
        outputs, expected = layer.filters.shape[:2]
        if expected != inputs or affine.gamma.shape != (outputs,):
            raise self._unfit(f"has filters {layer.filters.shape} for {inputs} channels")
        shape = (inputs, outputs, layer.filters.shape[2:], layer.stride, layer.padding)
        module = _Convolution(*shape)
        with np.errstate(over="ignore", invalid="ignore"):  # _fill looks at what comes out
            self._fill(module.weight, layer.filters * affine.gamma.reshape(-1, 1, 1, 1))
            self._fill(module.bias, layer.biases * affine.gamma + affine.beta)
        self.channels = outputs
        return module

    def block(self, inputs: int) -> nn.Module:
        """Return a residual block: tag, two convolutions, and perhaps tag, skip and pool."""
        self.take(Mark)
        first = self.convolution(inputs)
        self.take(Relu)
        second = self.convolution(first.out_channels)
        reducing = self.next_is(Mark)
        if reducing:
            self.take(Mark)
            self.take(Mark)
            pool = self.take(Pool)
        self.take(AddPrevious)
        self.take(Relu)
        straight = [((1, 1), (1, 1), (3, 3))] * 2
        reduced = [((2, 2), (0, 0), (3, 3)), straight[0]]
        found = [(conv.stride, conv.padding, conv.kernel_size) for conv in (first, second)]
        if not reducing and found == straight and second.out_channels == inputs:
            return ResidualBlock(first, second)
        halving = Pool(maximum=False, window=(2, 2), stride=(2, 2), padding=(0, 0))
        if reducing and found == reduced and second.out_channels >= inputs and pool == halving:
            return ReducingBlock(first, second)
        raise self._unfit("ends a block that is neither residual nor residual_down")

    def maximum_pool(self) -> nn.MaxPool2d:
        pool = self.take(Pool)
        if not pool.maximum or pool.window == (0, 0) or max(pool.padding) * 2 > min(pool.window):
            raise self._unfit("must be a pool of maxima")
        return nn.MaxPool2d(pool.window, pool.stride, pool.padding)

    def whole_average(self) -> None:
        pool = self.take(Pool)
        if pool.maximum or pool.window != (0, 0):
            raise self._unfit("must be an average over the whole picture")

    def linear(self, inputs: int) -> nn.Linear:
        """Return the fully connected layer of `inputs` channels that ends the network."""
        layer = self.take(FullyConnected)
        if self._position != len(self._layers) or layer.weights.shape[0] != inputs:
            raise self._unfit(f"must end the network and take {inputs} inputs")
        module = _Linear(inputs, layer.weights.shape[1])
        self._fill(module.weight, layer.weights.T)
        self._fill(module.bias, layer.biases)
        return module

    def _fill(self, parameter: Tensor | None, values: Floats) -> None:
        if not np.isfinite(values).all():
            raise self._unfit("has weights that are not finite")
        assert parameter is not None
        with torch.no_grad():
            parameter.copy_(torch.tensor(values))

    def _unfit(self, reason: str) -> NetworkStructureError:
        return NetworkStructureError(f"layer {self._position} from the input {reason}")
