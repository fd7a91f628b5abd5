"""YuNet's layers, and how they follow each other, whatever computes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import numpy as np

from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.networks.yunet.onnx_file import (
    Filters,
    OnnxFormatError,
    read_convolutions,
)

STRIDES: Final = (8, 16, 32)
"""Pixels between two places at which faces are looked for, on each of the network's levels."""
MULTIPLE: Final = STRIDES[-1]
"""A picture's sides have to be multiples of this many pixels."""
OUTPUTS: Final = 16
"""Numbers that the network gives for a place (see `faces`)."""
_HEADS: Final = 4
"""Heads of a level in the file: whether a face is there, its box, objectness, and five points."""
_BLOCKS: Final = 14
_CONVOLUTIONS: Final = 1 + 2 * _BLOCKS + 2 * _HEADS * len(STRIDES)

Layer = TypeVar("Layer")
Layer_contra = TypeVar("Layer_contra", contravariant=True)
Other = TypeVar("Other")
Maps = TypeVar("Maps")


@dataclass(frozen=True, slots=True)
class Pair(Generic[Layer]):
    """A convolution of 1 x 1 over all channels, and one of 3 x 3 over each channel by itself."""

    mixing: Layer
    spreading: Layer


@dataclass(frozen=True, slots=True)
class YunetLayers(Generic[Layer]):
    """The convolutions: of the picture, of the 14 blocks, and of the 3 heads."""

    first: Layer
    blocks: tuple[Pair[Layer], ...]
    heads: tuple[Pair[Layer], ...]

    def converted(self, convert: Callable[[Layer], Other]) -> "YunetLayers[Other]":
        """Return the same with each layer as `convert` makes it."""
        return YunetLayers(
            convert(self.first),
            tuple(Pair(convert(pair.mixing), convert(pair.spreading)) for pair in self.blocks),
            tuple(Pair(convert(pair.mixing), convert(pair.spreading)) for pair in self.heads),
        )


class Operations(Protocol[Maps, Layer_contra]):
    """What the network is made of, on (N, channels, rows, columns) maps."""

    def halved_by(self, maps: Maps, layer: Layer_contra) -> Maps:
        """Convolve by 3 x 3 at every other place, zeros around."""

    def mixed(self, maps: Maps, layer: Layer_contra) -> Maps:
        """Convolve by 1 x 1."""

    def spread(self, maps: Maps, layer: Layer_contra) -> Maps:
        """Convolve each channel by 3 x 3 of its own, zeros around."""

    def rectified(self, maps: Maps) -> Maps:
        """Replace what is below zero by zero."""

    def halved(self, maps: Maps) -> Maps:
        """Take the largest of each 2 x 2."""

    def added_doubled(self, maps: Maps, smaller: Maps) -> Maps:
        """Add `smaller`, of half the sides, each of whose places stands for 2 x 2."""

    def joined(self, levels: Sequence[Maps]) -> Maps:
        """Make (N, channels, places) of maps of several sizes, level by level, row by row."""


def load_yunet(path: Path) -> YunetLayers[Filters]:
    """Return the layers in the published file at `path`. Raises NetworkFileError."""
    try:
        return read_yunet(path.read_bytes())
    except (OSError, OnnxFormatError) as error:
        raise NetworkFileError(
            f"{path} is not YuNet as published in March 2023: {error}; install iot-facerecognition"
            " again, or set [Engine] Detector=hog"
        ) from error


def read_yunet(data: bytes) -> YunetLayers[Filters]:
    """Return the layers in the published file's bytes, for pictures in RGB.

    The file takes BGR; the first convolution's channels are turned around instead of each picture's
    pixels. Its four heads a level see the same maps and are made one, which saves a tenth of the
    time. Raises OnnxFormatError for another network.
    """
    filters = read_convolutions(data)
    if len(filters) != _CONVOLUTIONS:
        raise OnnxFormatError(f"{len(filters)} convolutions, YuNet has {_CONVOLUTIONS}")
    first = Filters(np.ascontiguousarray(filters[0].weights[:, ::-1]), filters[0].biases)
    pairs = [
        Pair(mixing, spreading)
        for mixing, spreading in zip(filters[1::2], filters[2::2], strict=True)
    ]
    blocks, heads = pairs[:_BLOCKS], pairs[_BLOCKS:]
    levels = len(STRIDES)
    layers = YunetLayers(
        first, tuple(blocks), tuple(_merged(heads[level::levels]) for level in range(levels))
    )
    _check(layers)
    return layers


def run_yunet(
    operations: Operations[Maps, Layer], layers: YunetLayers[Layer], pictures: Maps
) -> Maps:
    """Return what the network gives for (N, 3, h, w) RGB pixels, 0 to 255: (N, OUTPUTS, places).

    Places are those of the first stride row by row, then those of the next.
    """
    blocks = iter(layers.blocks)

    def block(maps: Maps) -> Maps:
        pair = next(blocks)
        mixed = operations.mixed(maps, pair.mixing)
        return operations.rectified(operations.spread(mixed, pair.spreading))

    maps = operations.rectified(operations.halved_by(pictures, layers.first))
    maps = operations.halved(block(maps))
    maps = block(block(maps))
    maps = operations.halved(block(block(maps)))
    fine = block(block(maps))
    middle = block(block(operations.halved(fine)))
    coarse = block(block(block(operations.halved(middle))))
    middle = block(operations.added_doubled(middle, coarse))
    fine = block(operations.added_doubled(fine, middle))
    return operations.joined(
        [
            operations.spread(operations.mixed(level, head.mixing), head.spreading)
            for level, head in zip((fine, middle, coarse), layers.heads, strict=True)
        ]
    )


def _merged(heads: Sequence[Pair[Filters]]) -> Pair[Filters]:
    """Return the heads of one level as one; the file has them kind by kind."""
    face, box, objectness, points = heads
    order = (face, objectness, box, points)
    return Pair(
        _stacked([head.mixing for head in order]), _stacked([head.spreading for head in order])
    )


def _stacked(filters: Sequence[Filters]) -> Filters:
    try:
        weights = np.concatenate([one.weights for one in filters])
    except ValueError as error:
        raise OnnxFormatError(f"heads of different inputs: {error}") from error
    return Filters(weights, np.concatenate([one.biases for one in filters]))


def _check(layers: YunetLayers[Filters]) -> None:
    """Raise OnnxFormatError where the shapes are not those of a chain of pairs."""
    channels, colours, *kernel = layers.first.weights.shape
    if (colours, *kernel) != (3, 3, 3):
        raise OnnxFormatError(f"the first filters are {layers.first.weights.shape}")
    for pair in (*layers.blocks, *layers.heads):
        made = len(pair.mixing.weights)
        if pair.mixing.weights.shape[1:] != (channels, 1, 1):
            raise OnnxFormatError(f"filters {pair.mixing.weights.shape} on {channels} channels")
        if pair.spreading.weights.shape != (made, 1, 3, 3):
            raise OnnxFormatError(f"filters {pair.spreading.weights.shape} on {made} channels")
        if pair not in layers.heads:
            channels = made
    if any(len(head.mixing.weights) != OUTPUTS for head in layers.heads):
        raise OnnxFormatError(f"the heads do not give {OUTPUTS} numbers")
