"""Reading a whole network file of dlib's.

After davisking/dlib, `dlib/dnn/core.h`, `layers.h`, `loss.h` and `input.h`. A file holds the
version numbers of all layers from output to input, then the layers' contents from input to output,
and for a classifier its labels.
"""

import math
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from iot_facerecognition_server.networks.dlib_format import DlibFormatError, DlibReader
from iot_facerecognition_server.networks.dlib_layers import (
    AddPrevious,
    Affine,
    Convolution,
    DetectorOptions,
    DetectorWindow,
    DlibNetwork,
    FullyConnected,
    Layer,
    Mark,
    Overlap,
    Pool,
    Relu,
    RgbInput,
)

_LOSS_VERSION: Final = 1
_MARK_VERSION: Final = 1
_LAYER_VERSION: Final = 2
_INNERMOST_VERSION: Final = 3
_MOST_LAYERS: Final = 10_000
_MOST_PIXELS: Final = 1 << 20
_MOST_UNITS: Final = 1 << 31
_MOST_LABELS: Final = 1_000_000
_MOST_WINDOWS: Final = 1000
_LEARNING_RATES: Final = 4
"""Numbers for training that layers with parameters carry."""
_OLD_PYRAMID_PADDING: Final = (10, 11)
"""Inner and outer padding of files that do not tell (`input.h`)."""

_Item = TypeVar("_Item")


def read_network(data: bytes) -> DlibNetwork:
    """Return the network in the bytes of a file, read to its last byte.

    Raises DlibFormatError, and nothing else, for bytes that dlib did not write, that end too early
    or that go on too long.
    """
    reader = DlibReader(data)
    version = reader.integer()
    if version != _LOSS_VERSION:
        raise DlibFormatError(f"loss layer version {version}: no network of dlib's?", 0)
    loss, detector = _read_named(reader, _LOSSES, "loss layer")
    versions = _structure(reader)
    source = _read_named(reader, _INPUTS, "input layer")
    layers = tuple(_layer(reader, version) for version in versions)
    labels: tuple[str, ...] = ()
    if not reader.at_end:
        count = reader.size("labels", _MOST_LABELS)
        labels = tuple(reader.text() for _ in range(count))
    if not reader.at_end:
        left = len(data) - reader.offset
        raise DlibFormatError(f"{left} bytes follow the end of the network", reader.offset)
    return DlibNetwork(loss, source, layers, labels, detector)


def _structure(reader: DlibReader) -> list[int]:
    """Read the layers' version numbers and return them from input to output."""
    versions: list[int] = []
    while len(versions) < _MOST_LAYERS:
        start = reader.offset
        version = reader.integer()
        versions.append(version)
        if version == _INNERMOST_VERSION:
            return versions[::-1]
        if version not in {_MARK_VERSION, _LAYER_VERSION}:
            raise DlibFormatError(f"layer {len(versions)} has unknown version {version}", start)
    raise DlibFormatError(f"more than {_MOST_LAYERS} layers", reader.offset)


def _layer(reader: DlibReader, version: int) -> Layer:
    """Read one layer and the training state of dlib's `add_layer` around it, which is not kept."""
    if version == _MARK_VERSION:
        return Mark()
    layer: Layer = _read_named(reader, _LAYERS, "layer")
    for _ in range(3):
        reader.boolean()
    for _ in range(3):
        reader.tensor()
    if version == _INNERMOST_VERSION:
        reader.integer()  # the sample expansion factor
    return layer


def _read_named(
    reader: DlibReader, known: dict[str, Callable[[DlibReader], _Item]], what: str
) -> _Item:
    """Read a name and what `known` has to be read after it."""
    start = reader.offset
    name = reader.text()
    if name not in known:
        raise DlibFormatError(f"unknown {what} {name!r}", start)
    return known[name](reader)


def _pair(reader: DlibReader, what: str) -> tuple[int, int]:
    """Read a number for rows and one for columns."""
    return reader.size(what, _MOST_PIXELS), reader.size(what, _MOST_PIXELS)


def _skip_numbers(reader: DlibReader, count: int = _LEARNING_RATES) -> None:
    for _ in range(count):
        reader.number()


def _convolution(reader: DlibReader, extras: int) -> Convolution:
    """Read `con_4` and, with 1 or 2 `extras`, `con_5` (use bias) and `con_6` (use ReLU).

    The ReLU that a `con_6` may contain stands after it in the file, disabled, and is read as an
    ordinary one: the outcome is the same.
    """
    start = reader.offset
    parameters = reader.tensor().reshape(-1)
    count = reader.size("filters", _MOST_UNITS)
    window = _pair(reader, "as filter side")
    stride, padding = _pair(reader, "as stride"), _pair(reader, "as padding")
    shape = reader.alias()
    reader.alias()
    _skip_numbers(reader)
    for _ in range(extras):
        reader.boolean()
    weights = math.prod(shape)
    if shape[0] != count or shape[2:] != window or 0 in shape or 0 in stride:
        raise DlibFormatError(f"{count} filters {window} with weights {shape}", start)
    if parameters.size not in {weights, weights + count}:
        raise DlibFormatError(f"{parameters.size} parameters for weights {shape}", start)
    biases = parameters[weights:] if parameters.size > weights else np.zeros(count, np.float32)
    return Convolution(parameters[:weights].reshape(shape), biases, stride, padding)


def _affine(reader: DlibReader, extras: int) -> Affine:
    """Read `affine_` and, with an extra boolean (disabled), `affine_2`."""
    start = reader.offset
    parameters = reader.tensor().reshape(-1)
    shape = reader.alias()
    reader.alias()
    reader.integer()
    disabled = extras > 0 and reader.boolean()
    channels = math.prod(shape)
    if parameters.size != 2 * channels:
        raise DlibFormatError(f"{parameters.size} parameters for {channels} channels", start)
    if disabled:
        return Affine(np.ones(channels, np.float32), np.zeros(channels, np.float32))
    return Affine(parameters[:channels], parameters[channels:])


def _batch_normalisation(reader: DlibReader) -> Affine:
    """Read `bn_con2` as the affine layer that it is once training has ended (`layers.h`)."""
    start = reader.offset
    parameters = reader.tensor().reshape(-1)
    shape = reader.alias()
    reader.alias()
    reader.tensor()
    reader.tensor()
    means, variances = reader.tensor().reshape(-1), reader.tensor().reshape(-1)
    reader.integer()
    reader.integer()
    _skip_numbers(reader)
    eps = reader.number()
    channels = math.prod(shape)
    if not 2 * means.size == 2 * variances.size == parameters.size == 2 * channels:
        raise DlibFormatError(f"{parameters.size} parameters for {channels} channels", start)
    if not (eps >= 0 and np.all(variances + eps > 0)):
        raise DlibFormatError("a variance that is not positive", start)
    with np.errstate(over="ignore", invalid="ignore"):  # who builds a module looks at the weights
        gamma = (parameters[:channels] / np.sqrt(variances + eps)).astype(np.float32)
        return Affine(gamma, parameters[channels:] - gamma * means)


def _pool(reader: DlibReader, maximum: bool) -> Pool:
    start = reader.offset
    window = _pair(reader, "as window side")
    stride, padding = _pair(reader, "as stride"), _pair(reader, "as padding")
    if 0 in stride or (0 in window and window != (0, 0)):
        raise DlibFormatError(f"a pool of {window} in steps of {stride}", start)
    return Pool(maximum, window, stride, padding)


def _fully_connected(reader: DlibReader, extras: int) -> FullyConnected:
    """Read `fc_2` and, with an extra boolean (use bias), `fc_3`."""
    start = reader.offset
    outputs = reader.size("outputs", _MOST_UNITS)
    inputs = reader.size("inputs", _MOST_UNITS)
    parameters = reader.tensor().reshape(-1)
    reader.alias()
    reader.alias()
    reader.integer()
    _skip_numbers(reader)
    for _ in range(extras):
        reader.boolean()
    if 0 in {inputs, outputs} or parameters.size not in {inputs * outputs, (inputs + 1) * outputs}:
        raise DlibFormatError(f"{parameters.size} parameters for {inputs} x {outputs}", start)
    matrix = parameters[: inputs * outputs].reshape(inputs, outputs)
    biases = parameters[inputs * outputs :]
    return FullyConnected(matrix, biases if biases.size else np.zeros(outputs, np.float32))


def _relu_with_switch(reader: DlibReader) -> Relu:
    """Read `relu_2`; a disabled one has moved into the `con_6` before it (see `_convolution`)."""
    reader.boolean()
    return Relu()


def _average(reader: DlibReader) -> tuple[float, float, float]:
    return reader.number(), reader.number(), reader.number()


def _pyramid_input(reader: DlibReader) -> RgbInput:
    average = _average(reader)
    return RgbInput(average, pyramid_padding=_pair(reader, "pixels of padding"))


def _metric_loss(reader: DlibReader) -> tuple[str, None]:
    _skip_numbers(reader, 2)  # margin and distance threshold, for training
    return "loss_metric", None


def _detector_loss(reader: DlibReader) -> tuple[str, DetectorOptions]:
    """Read the options of `loss_mmod_`, versions 1 to 4."""
    start = reader.offset
    version = reader.integer()
    if not 1 <= version <= 4:  # noqa: PLR2004 - the versions that dlib ever wrote
        raise DlibFormatError(f"detector options of version {version}, 1 to 4 are known", start)
    count = reader.size("windows", _MOST_WINDOWS) if version > 1 else 1
    windows = tuple(_detector_window(reader, version) for _ in range(count))
    _skip_numbers(reader, 3)  # the losses and the overlap at which a training box counts as found
    suppression = Overlap(reader.number(), reader.number())
    _skip_numbers(reader, 2)  # the overlap with ignored training boxes
    pyramid = reader.byte() != 0 if version >= 3 else True  # noqa: PLR2004
    regression = reader.boolean() if version >= 4 else False  # noqa: PLR2004
    if version >= 4:  # noqa: PLR2004
        reader.number()
    return "loss_mmod", DetectorOptions(windows, suppression, pyramid, regression)


def _detector_window(reader: DlibReader, options_version: int) -> DetectorWindow:
    labelled = options_version > 1 and reader.integer() > 1
    width = reader.size("as window width", _MOST_PIXELS)
    height = reader.size("as window height", _MOST_PIXELS)
    return DetectorWindow(width, height, reader.text() if labelled else "")


_LOSSES: Final[dict[str, Callable[[DlibReader], tuple[str, DetectorOptions | None]]]] = {
    "loss_metric_2": _metric_loss,
    "loss_multiclass_log_": lambda _: ("loss_multiclass_log", None),
    "loss_mmod_": _detector_loss,
}
_INPUTS: Final[dict[str, Callable[[DlibReader], RgbInput]]] = {
    "input_rgb_image": lambda reader: RgbInput(_average(reader)),
    "input_rgb_image_sized": lambda reader: RgbInput(_average(reader), _pair(reader, "as side")),
    "input_rgb_image_pyramid": lambda reader: RgbInput(
        _average(reader), pyramid_padding=_OLD_PYRAMID_PADDING
    ),
    "input_rgb_image_pyramid2": _pyramid_input,
}
_LAYERS: Final[dict[str, Callable[[DlibReader], Layer]]] = {
    "con_4": lambda reader: _convolution(reader, 0),
    "con_5": lambda reader: _convolution(reader, 1),
    "con_6": lambda reader: _convolution(reader, 2),
    "affine_": lambda reader: _affine(reader, 0),
    "affine_2": lambda reader: _affine(reader, 1),
    "bn_con2": _batch_normalisation,
    "relu_": lambda _: Relu(),
    "relu_2": _relu_with_switch,
    "add_prev_": lambda _: AddPrevious(),
    "max_pool_2": lambda reader: _pool(reader, maximum=True),
    "avg_pool_2": lambda reader: _pool(reader, maximum=False),
    "fc_2": lambda reader: _fully_connected(reader, 0),
    "fc_3": lambda reader: _fully_connected(reader, 1),
}
