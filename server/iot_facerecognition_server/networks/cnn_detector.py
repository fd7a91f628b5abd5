"""The network that finds faces, also turned and covered ones: dlib's max-margin detector (MMOD)."""

from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.networks.dlib_format import DlibFormatError
from iot_facerecognition_server.networks.dlib_layers import (
    Affine,
    Convolution,
    DetectorOptions,
    DlibNetwork,
    Layer,
    Relu,
)
from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.lane import Lane
from iot_facerecognition_server.networks.precision import TYPES, Precision
from iot_facerecognition_server.networks.residual import PIXEL_SCALE, NetworkStructureError
from iot_facerecognition_server.networks.suppression import suppressed
from iot_facerecognition_server.networks.tiled_pyramid import TiledPyramid, tiled_pyramid

MOST_CANDIDATES: Final = 1024
"""Places with the best scores that are looked at; a face has about ten of them."""
_COLOURS: Final = 3
_SMALLEST_BUCKET: Final = 64
"""Pixels that leave something of a plane after all convolutions."""
_BUCKETS_AN_OCTAVE: Final = 16


class DetectorNetwork(nn.Module):
    """Pictures of one size to scores, with the affine layers folded into the convolutions.

    A plane (see `tiled_pyramid`) is extended to one of a few sizes, so that pictures of any sizes
    share memory and kernels. Where a convolution would look beyond the true plane's edge it must
    find zeros, as dlib's does, so what comes out of the extension is wiped before each of them.
    """

    average: Tensor

    def __init__(self, network: DlibNetwork) -> None:
        """Take over the weights of `network`. Raises NetworkStructureError."""
        super().__init__()
        options, padding = network.detector, network.input.pyramid_padding
        if options is None or padding is None:
            raise NetworkStructureError(f"{network.loss} of a picture is no detector on a pyramid")
        if options.box_regression:
            raise NetworkStructureError("detectors with box regression are not supported")
        self.options: DetectorOptions = options
        self.padding = padding
        self._convolutions = tuple(_convolutions(network.layers))
        self.registered = nn.ModuleList(self._convolutions)
        windows = len(options.windows)
        if self._convolutions[-1].out_channels != windows:
            raise NetworkStructureError(
                f"the last layer has no score for each of {windows} windows"
            )
        average = torch.tensor(network.input.average, dtype=torch.float32)
        self.register_buffer("average", average.reshape(1, _COLOURS, 1, 1), persistent=False)
        self.eval().requires_grad_(requires_grad=False)

    def place(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move to `device` and compute in `dtype`, channels last. The pyramid is float32's work."""
        average = self.average
        self.to(device, dtype)
        self.average = average.to(device)
        for module in self._convolutions:
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return scores, (N, windows, rows, columns), of (N, 3, H, W) RGB pixels, 0 to 255."""
        height, width = pictures.shape[2:]
        pyramid = tiled_pyramid(width, height, self.padding)
        maps = self._plane(pictures, pyramid)
        rows, columns = pyramid.height, pyramid.width
        for number, module in enumerate(self._convolutions):
            if module.padding != (0, 0):
                maps[:, :, rows:] = 0
                maps[:, :, :, columns:] = 0
            maps = module(maps)
            rows, columns = _output_size(rows, module, 0), _output_size(columns, module, 1)
            if number < len(self._convolutions) - 1:
                maps = maps.relu_()
        return maps[:, :, :rows, :columns].float()

    def score_size(self, pyramid: TiledPyramid) -> tuple[int, int]:
        """Return rows and columns of the scores for the plane of `pyramid`."""
        rows, columns = pyramid.height, pyramid.width
        for module in self._convolutions:
            rows, columns = _output_size(rows, module, 0), _output_size(columns, module, 1)
        return rows, columns

    def _plane(self, pictures: Tensor, pyramid: TiledPyramid) -> Tensor:
        """Lay out `pictures` and their copies, extended to the right and below."""
        size = bucket(pyramid.height), bucket(pyramid.width)
        weight = self._convolutions[0].weight
        shape = (len(pictures), *size, _COLOURS)
        plane = torch.zeros(shape, dtype=weight.dtype, device=weight.device).permute(0, 3, 1, 2)
        copy = (pictures.float() - self.average) / PIXEL_SCALE
        for tile in pyramid.tiles:
            size = (int(tile.height), int(tile.width))
            if copy.shape[2:] != size:
                copy = functional.interpolate(copy, size, mode="bilinear", align_corners=True)
            rows, columns = tile.pixels
            plane[:, :, rows, columns] = copy
        return plane

    def origin(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return factor and summand, both (2,), that take (column, row) of a score to the plane."""
        factor, summand = np.ones(2), np.zeros(2)
        for module in reversed(self._convolutions):
            stride = np.array(module.stride[::-1])
            middle = np.array(module.kernel_size[::-1]) // 2 - np.array(module.padding[::-1])
            factor, summand = factor * stride, summand * stride + middle
        return factor, summand


def bucket(side: int) -> int:
    """Return the side in pixels to which a plane's side is extended: up to 1/16 more."""
    octave = max(_SMALLEST_BUCKET, 1 << (side - 1).bit_length())
    step = octave // 2 // _BUCKETS_AN_OCTAVE
    return max(_SMALLEST_BUCKET, -(-side // step) * step)


class CnnFaceDetectorNetwork:
    """dlib's `mmod_human_face_detector.dat`, run by torch. One instance serves all threads.

    It finds the faces that dlib's own `cnn_face_detection_model_v1` finds, where and as certainly
    (docs/decisions/cnn-detector.md).
    """

    def __init__(self, network: DetectorNetwork, lane: Lane) -> None:
        """Wrap `network`, which is ready on the device of `lane`; see `load`."""
        self._network = network
        self._lane = lane
        self._factor, self._summand = network.origin()
        windows = network.options.windows
        self._windows = np.array([(window.width, window.height) for window in windows], float)

    @classmethod
    def load(cls, path: Path, device: str = "cpu", precision: Precision = Precision.FP32) -> Self:
        """Read dlib's file at `path` and make it ready on `device`. Raises NetworkFileError."""
        try:
            network = DetectorNetwork(read_network(path.read_bytes()))
        except (OSError, DlibFormatError, NetworkStructureError) as error:
            raise NetworkFileError(
                f"{path} holds no face detector network: {error}; "
                "fetch mmod_human_face_detector.dat again, or set [Engine] Detector=hog"
            ) from error
        lane = Lane(device)
        network.place(lane.device, TYPES[precision])
        return cls(network, lane)

    def detect(self, pictures: NDArray[np.uint8]) -> list[list[Detection]]:
        """Return the faces on each of the (N, H, W, 3) uint8 RGB pictures, the most certain first.

        Raises ValueError for other shapes and types.
        """
        if pictures.ndim != 4 or pictures.shape[3] != _COLOURS or pictures.dtype != np.uint8:  # noqa: PLR2004
            raise ValueError(f"pictures are (N, H, W, 3) uint8: {pictures.shape} {pictures.dtype}")
        height, width = pictures.shape[1:3]
        if not len(pictures) or not width or not height:
            return [[] for _ in pictures]
        pyramid = tiled_pyramid(width, height, self._network.padding)
        scores, places = self._lane.run(self._best, pictures)
        rows, columns = self._network.score_size(pyramid)
        return [
            self._faces(*candidates, (rows, columns), pyramid)
            for candidates in zip(scores, places, strict=True)
        ]

    def _best(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the best scores and their places in what the network gives, (N, K) each."""
        scores = self._network(pictures.permute(0, 3, 1, 2)).flatten(1)
        best = scores.topk(min(MOST_CANDIDATES, scores.shape[1]))
        return best.values, best.indices

    def _faces(
        self,
        scores: NDArray[np.float32],
        places: NDArray[np.int64],
        size: tuple[int, int],
        pyramid: TiledPyramid,
    ) -> list[Detection]:
        """Turn the scores above zero, the best first, into faces (`loss_mmod_` in `loss.h`)."""
        found = scores > 0
        if not found.any():
            return []
        scores = scores[found]
        window, row, column = np.unravel_index(places[found], (len(self._windows), *size))
        centres = np.stack([column, row], axis=1) * self._factor + self._summand
        reach = (self._windows[window] - 1) / 2
        on_plane = np.hstack([centres - reach, centres + reach])
        boxes = _rounded(pyramid.to_picture(on_plane, centres))
        kept = suppressed(boxes, self._network.options.suppression)
        return [
            Detection(Box(left, top, right + 1, bottom + 1), score)
            for (left, top, right, bottom), score in zip(
                boxes[kept].tolist(), scores[kept].tolist(), strict=True
            )
        ]


def _rounded(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round halves away from zero, as C's `lround`."""
    return np.trunc(values + np.copysign(0.5, values)).astype(np.int64)


def _output_size(side: int, module: nn.Conv2d, axis: int) -> int:
    """Return how many rows (`axis` 0) or columns (1) a convolution makes of `side`."""
    kernel, stride, padding = module.kernel_size[axis], module.stride[axis], module.padding[axis]
    assert isinstance(padding, int)
    return max(0, (side + 2 * padding - kernel) // stride + 1)


def _convolutions(layers: tuple[Layer, ...]) -> list[nn.Conv2d]:
    """Return the convolutions of a detector: with affine layer and ReLU each, the last without."""
    made: list[nn.Conv2d] = []
    inputs = _COLOURS
    rest = list(layers)
    while rest:
        convolution = rest.pop(0)
        affine = rest.pop(0) if rest else None
        relu = rest.pop(0) if rest else None
        whole = isinstance(affine, Affine) and isinstance(relu, Relu) and rest
        if not isinstance(convolution, Convolution) or (affine is not None and not whole):
            raise NetworkStructureError(
                f"layer {len(layers) - len(rest)} from the input: a detector is convolution, affine"
                " layer and ReLU over and over, and a convolution in the end"
            )
        if convolution.filters.shape[1] != inputs:
            raise NetworkStructureError(f"filters {convolution.filters.shape} of {inputs} channels")
        made.append(_folded(convolution, affine if isinstance(affine, Affine) else None))
        inputs = convolution.filters.shape[0]
    if not made:
        raise NetworkStructureError("a network without layers is no detector")
    return made


def _folded(layer: Convolution, affine: Affine | None) -> nn.Conv2d:
    """Return a convolution with the affine layer that follows it."""
    outputs, inputs, *kernel = layer.filters.shape
    filters, biases = layer.filters, layer.biases
    if affine is not None:
        if affine.gamma.shape != (outputs,):
            raise NetworkStructureError(f"{affine.gamma.size} factors for {outputs} channels")
        with np.errstate(over="ignore", invalid="ignore"):  # what comes out is looked at below
            filters = filters * affine.gamma.reshape(-1, 1, 1, 1)
            biases = biases * affine.gamma + affine.beta
    if not (np.isfinite(filters).all() and np.isfinite(biases).all()):
        raise NetworkStructureError("weights that are not finite")
    module = nn.Conv2d(inputs, outputs, (kernel[0], kernel[1]), layer.stride, layer.padding)
    assert module.bias is not None
    with torch.no_grad():
        module.weight.copy_(torch.tensor(filters))
        module.bias.copy_(torch.tensor(biases))
    return module
