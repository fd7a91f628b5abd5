"""dlib's landmark predictor as batched tensor operations: for devices where faces come in batches.

After davisking/dlib, `dlib/image_processing/shape_predictor.h`: a cascade of regression forests
(V. Kazemi and J. Sullivan, One Millisecond Face Alignment with an Ensemble of Regression Trees,
CVPR 2014).
"""

import re
from dataclasses import dataclass
from math import isqrt
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iot_facerecognition_server.networks.dlib_format import DlibFormatError

_VERSION: Final = 1
_NEGATIVE: Final = 0x80
_LARGEST_INTEGER: Final = 8
_INTEGER: Final = re.compile(
    b"|".join(
        b"[" + re.escape(bytes((count, count | _NEGATIVE))) + b"]" + b"." * count
        for count in range(1, _LARGEST_INTEGER + 1)
    ),
    re.DOTALL,
)
"""An integer as dlib writes it; there are three million in a file, too many for a loop."""
_NUMBER: Final = 2
"""Integers of a floating point number: mantissa and exponent."""
_SPLIT: Final = 2 + _NUMBER
"""Integers of a split: two features and a threshold."""


@dataclass(frozen=True, slots=True)
class _Integers:
    """The integers of a file, read one after the other; `offsets` are their bytes in it."""

    values: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Split `data`, in which dlib wrote nothing but integers. Raises DlibFormatError."""
        lengths = np.fromiter(map(len, _INTEGER.findall(data)), np.int64)
        ends = np.cumsum(lengths)
        if int(lengths.sum()) != len(data):
            # Bytes that begin no integer were passed over, the first of them in the first gap.
            raise DlibFormatError("the file ends or is no landmark predictor", _first_gap(data))
        raw = np.frombuffer(data, np.uint8)
        offsets = ends - lengths
        values = np.zeros(len(offsets), np.int64)
        for byte in range(_LARGEST_INTEGER):
            has = np.flatnonzero(lengths > byte + 1)
            values[has] |= raw[offsets[has] + 1 + byte].astype(np.int64) << (8 * byte)
        negative = (raw[offsets] & _NEGATIVE) != 0
        return cls(np.where(negative, -values, values), offsets)


def _first_gap(data: bytes) -> int:
    """Return the place of the first byte that neither begins nor belongs to an integer."""
    place = 0
    while found := _INTEGER.match(data, place):
        place = found.end()
    return place


class _Reader:
    """Takes runs of integers; what is missing or absurd is a DlibFormatError."""

    def __init__(self, integers: _Integers) -> None:
        self._integers = integers
        self._place = 0

    @property
    def at_end(self) -> bool:
        return self._place == len(self._integers.values)

    def take(self, count: int) -> NDArray[np.int64]:
        taken = self._integers.values[self._place : self._place + count]
        if count < 0 or len(taken) < count:
            raise self.error("the file ends")
        self._place += count
        return taken

    def one(self, expected: int | None = None) -> int:
        value = int(self.take(1)[0])
        if expected is not None and value != expected:
            raise self.error(f"{value} where {expected} was expected")
        return value

    def numbers(self, count: int) -> NDArray[np.float32]:
        return _numbers(self.take(_NUMBER * count))

    def error(self, reason: str) -> DlibFormatError:
        offsets = self._integers.offsets
        place = min(self._place, len(offsets) - 1)
        return DlibFormatError(reason, int(offsets[place]) if len(offsets) else 0)


@dataclass(frozen=True, slots=True)
class ShapePredictorData:
    """What dlib's file holds: P landmarks, C cascades of T trees with S splits over F pixels."""

    initial: NDArray[np.float32]
    """(P, 2): the mean shape, in parts of the face's box."""
    anchors: NDArray[np.int64]
    """(C, F): the landmark that a pixel belongs to."""
    deltas: NDArray[np.float32]
    """(C, F, 2): and where it is from there."""
    pixels: NDArray[np.int64]
    """(C, T, S, 2): the two pixels that a split compares."""
    thresholds: NDArray[np.float32]
    """(C, T, S): by how much the first has to be brighter to go left."""
    leaves: NDArray[np.float32]
    """(C, T, S + 1, P, 2): what a leaf moves the landmarks by."""


def read_shape_predictor(data: bytes) -> ShapePredictorData:
    """Read the bytes of a file that dlib wrote. Raises DlibFormatError."""
    reader = _Reader(_Integers.of(data))
    reader.one(_VERSION)
    values = -reader.one()  # dlib writes a matrix's sides negated
    reader.one(-1)
    if values < 4 or values % 2:  # noqa: PLR2004 - two points of two coordinates
        raise reader.error(f"a shape of {values} numbers")
    initial = reader.numbers(values).reshape(-1, 2)
    pixels, thresholds, leaves = zip(
        *(_forest(reader, values) for _ in range(reader.one())), strict=True
    )
    anchors = [reader.take(reader.one()) for _ in range(reader.one(len(pixels)))]
    deltas = [reader.numbers(2 * reader.one()) for _ in range(reader.one(len(pixels)))]
    if not reader.at_end:
        raise reader.error("bytes follow the predictor")
    try:
        result = ShapePredictorData(
            initial,
            np.stack(anchors),
            np.stack(deltas).reshape(len(deltas), -1, 2),
            np.stack(pixels),
            np.stack(thresholds),
            np.stack(leaves).reshape(*np.stack(thresholds).shape[:2], -1, len(initial), 2),
        )
    except ValueError as error:
        raise reader.error(f"cascades of different shapes: {error}") from error
    _check(result, reader)
    return result


def _forest(
    reader: _Reader, values: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Read the trees of one cascade, all of one shape: pixels, thresholds, leaves."""
    trees = reader.one()
    splits = reader.one()
    leaf = 2 + _NUMBER * values
    length = 1 + _SPLIT * splits + 1 + leaf * (splits + 1)
    if not 0 < splits < isqrt(2**31) or trees < 1:
        raise reader.error(f"{trees} trees of {splits} splits")
    first = reader.take(length - 1)
    rest = reader.take((trees - 1) * length).reshape(trees - 1, length)
    if (rest[:, 0] != splits).any():
        raise reader.error("trees of different sizes")
    bodies = np.concatenate((first[None], rest[:, 1:]))
    branches = bodies[:, : _SPLIT * splits].reshape(trees, splits, _SPLIT)
    if (bodies[:, _SPLIT * splits] != splits + 1).any():
        raise reader.error("a tree without its leaves")
    grown = bodies[:, _SPLIT * splits + 1 :].reshape(trees, splits + 1, leaf)
    if (grown[:, :, 0] != -values).any() or (grown[:, :, 1] != -1).any():
        raise reader.error("a leaf of another shape")
    thresholds = _numbers(branches[:, :, 2:])[:, :, 0]
    return branches[:, :, :2], thresholds, _numbers(grown[:, :, 2:])


def _numbers(integers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return mantissas times two to the exponents, which alternate along the last axis."""
    mantissas, exponents = integers[..., ::2], integers[..., 1::2]
    wide: NDArray[np.float64] = np.ldexp(mantissas.astype(np.float64), exponents.clip(-2000, 2000))
    return wide.astype(np.float32)


def _check(data: ShapePredictorData, reader: _Reader) -> None:
    """Refuse what would read beyond an array, or is no full binary tree."""
    features = data.deltas.shape[1]
    if data.anchors.shape != data.deltas.shape[:2]:
        raise reader.error("anchors and deltas of different counts")
    if data.anchors.min() < 0 or data.anchors.max() >= len(data.initial):
        raise reader.error("an anchor that is no landmark")
    if data.pixels.min() < 0 or data.pixels.max() >= features:
        raise reader.error("a split over a pixel that is not there")
    if (data.leaves.shape[2] & (data.leaves.shape[2] - 1)) != 0:
        raise reader.error("trees that are not full")
    arrays = (data.initial, data.deltas, data.thresholds, data.leaves)
    if not all(np.isfinite(array).all() for array in arrays):
        raise reader.error("weights that are not numbers")


class ShapePredictor:
    """Finds the landmarks of many faces at once, on one device."""

    def __init__(self, data: ShapePredictorData, device: torch.device) -> None:
        """Put `data` on `device`."""
        self._initial = torch.from_numpy(data.initial).to(device)
        initial = data.initial.astype(np.float64)
        centred = initial - initial.mean(axis=0)
        self._reference = torch.from_numpy(centred).to(device)
        self._spread = float((centred**2).sum())
        self._anchors = torch.from_numpy(data.anchors).to(device)
        self._deltas = torch.from_numpy(data.deltas).to(device)
        self._pixels = torch.from_numpy(data.pixels).to(device)
        self._thresholds = torch.from_numpy(data.thresholds).to(device)
        self._leaves = torch.from_numpy(data.leaves).to(device)
        self._trees = torch.arange(data.leaves.shape[1], device=device)
        self._depth = data.leaves.shape[2].bit_length() - 1

    def landmarks(self, pictures: Tensor, owners: Tensor, boxes: Tensor) -> Tensor:
        """Return (M, P, 2) int64 landmarks, x and y, of M faces in (N, h, w, 3) uint8 pictures.

        `owners`, (M,) int64, tells whose picture a face is in; `boxes`, (M, 4) float64, its left,
        top, right and bottom in pixels, the last two inside.
        """
        grey = pictures.to(torch.int32).sum(dim=3) // 3
        origin, size = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
        shape = self._initial.expand(len(boxes), -1, -1)
        for cascade in range(len(self._anchors)):
            places = origin + size * self._places(shape, cascade)
            shape = shape + self._moves(_looked_up(grey, owners, places), cascade)
        return _rounded(origin + size * shape)

    def _places(self, shape: Tensor, cascade: int) -> Tensor:
        """Return (M, F, 2): where the pixels of a cascade are around `shape`, in parts of a box."""
        # The best rotation and scale from the mean shape to this one, as a complex number.
        points = shape.double()
        centred = points - points.mean(dim=1, keepdim=True)
        real = ((self._reference * centred).sum(dim=(1, 2)) / self._spread).float()
        (a, b), (to_a, to_b) = self._reference.unbind(dim=1), centred.unbind(dim=2)
        imaginary = ((a * to_b - b * to_a).sum(dim=1) / self._spread).float()
        x, y = self._deltas[cascade].unbind(dim=1)
        turned = torch.stack(
            (
                real[:, None] * x - imaginary[:, None] * y,
                imaginary[:, None] * x + real[:, None] * y,
            ),
            dim=2,
        )
        return shape[:, self._anchors[cascade]] + turned

    def _moves(self, values: Tensor, cascade: int) -> Tensor:
        """Return (M, P, 2): what the trees of a cascade make of (M, F) pixel values."""
        pixels = self._pixels[cascade]
        brighter = values[:, pixels[:, :, 0]] - values[:, pixels[:, :, 1]]
        right = (brighter <= self._thresholds[cascade]).to(torch.int64)
        node = torch.zeros(right.shape[:2], dtype=torch.int64, device=right.device)
        for _ in range(self._depth):
            node = 2 * node + 1 + right.gather(2, node[:, :, None])[:, :, 0]
        return self._leaves[cascade][self._trees, node - right.shape[2]].sum(dim=1)


def _looked_up(grey: Tensor, owners: Tensor, places: Tensor) -> Tensor:
    """Return (M, F) float32 values of the pixels at `places`, 0 outside of the picture."""
    columns, rows = _rounded(places).unbind(dim=2)
    height, width = grey.shape[1:]
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    taken = grey[owners[:, None], rows.clamp(0, height - 1), columns.clamp(0, width - 1)]
    return torch.where(inside, taken, 0).to(torch.float32)


def _rounded(places: Tensor) -> Tensor:
    """Return the nearest whole numbers, halves upwards as in dlib."""
    return torch.floor(places + 0.5).to(torch.int64)
