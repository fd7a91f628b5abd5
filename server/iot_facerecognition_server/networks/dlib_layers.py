"""The layers that dlib's networks are made of, as value types (davisking/dlib, `dlib/dnn`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RgbInput:
    """What is subtracted from R, G and B before the division by 256, and the size that is expected.

    `size` is (rows, columns), None where any will do; `pyramid_padding` is the space in pixels
    between a pyramid's levels and around it, None where the network sees one picture.
    """

    average: tuple[float, float, float]
    size: tuple[int, int] | None = None
    pyramid_padding: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Convolution:
    """Filters (out, in, rows, columns) and biases (out,); stride and padding (rows, columns)."""

    filters: Floats
    biases: Floats
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Affine:
    """A factor and a summand for each channel, both (channels,)."""

    gamma: Floats
    beta: Floats


@dataclass(frozen=True, slots=True)
class Relu:
    """Negative numbers become zero."""


@dataclass(frozen=True, slots=True)
class AddPrevious:
    """Adds the output of a marked layer; the smaller of the two is extended with zeros."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A tag (here is an output that is needed again) or a skip (go on from a tagged output).

    The file tells neither which of the two it is nor its number.
    """


@dataclass(frozen=True, slots=True)
class Pool:
    """Maximum or average over windows; window, stride and padding as (rows, columns).

    A window of (0, 0) is the whole picture.
    """

    maximum: bool
    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FullyConnected:
    """Weights (inputs, outputs) and biases (outputs,)."""

    weights: Floats
    biases: Floats


Layer = Convolution | Affine | Relu | AddPrevious | Mark | Pool | FullyConnected


@dataclass(frozen=True, slots=True)
class DetectorWindow:
    """Size in pixels of a box that a detector's score stands for, and what it shows."""

    width: int
    height: int
    label: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Boxes overlap where intersection over union, or the share covered of either, is larger."""

    iou: float
    covered: float


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How the outputs of a max-margin object detector (MMOD) become boxes."""

    windows: tuple[DetectorWindow, ...]
    suppression: Overlap
    pyramid: bool
    box_regression: bool


@dataclass(frozen=True, slots=True)
class DlibNetwork:
    """A whole file: the layers from input to output, and what its output means.

    `loss` is dlib's name of the loss layer, `labels` are a classifier's classes in the order of its
    outputs, `detector` the options of a detector.
    """

    loss: str
    input: RgbInput
    layers: tuple[Layer, ...]
    labels: tuple[str, ...] = ()
    detector: DetectorOptions | None = None
