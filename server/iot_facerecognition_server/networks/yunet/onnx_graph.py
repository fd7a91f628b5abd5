"""YuNet as a model of ONNX for pictures of any size, made of its layers.

The published file takes 640 x 640 pixels as floats, BGR, and has four heads a level. What is made
here takes bytes as decoders give them. Field numbers as in `onnx_file`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from iot_facerecognition_server.networks.yunet.layers import OUTPUTS, YunetLayers, run_yunet
from iot_facerecognition_server.networks.yunet.onnx_file import Filters

INPUT: Final = "pictures"
"""(N, 1, h, 3 * w) uint8: the rows of RGB pictures, whose sides are multiples of `layers.MULTIPLE`.

Red, green and blue stay next to each other, as decoders give them: to part them takes as long as
the first convolution does. That runs over all three of a pixel in one go instead.
"""

_FORMAT_VERSION: Final = 7
_OPERATOR_VERSION: Final = 13
"""Both of ONNX 1.8: of the message, and of what the operators mean."""
_FLOAT: Final = 1
_UINT8: Final = 2
_INT64: Final = 7
_INTEGER_ATTRIBUTE: Final = 2
_STRING_ATTRIBUTE: Final = 3
_INTEGERS_ATTRIBUTE: Final = 7

Attribute = int | str | Sequence[int]


def onnx_model(layers: YunetLayers[Filters]) -> bytes:
    """Return the model, which takes `INPUT` and gives (N, OUTPUTS, places) float32."""
    graph = _Graph()
    output = run_yunet(graph, layers, graph.node("Cast", [INPUT], to=_FLOAT))
    return b"".join(
        (
            _number(1, _FORMAT_VERSION),
            _bytes(7, graph.message(output)),
            _bytes(8, _number(2, _OPERATOR_VERSION)),
        )
    )


class _Graph:
    """`Operations` that write nodes; maps are names."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._doubling = self._tensor(np.array([1, 1, 2, 2], np.float32))
        self._flat = self._tensor(np.array([0, OUTPUTS, -1], np.int64))

    def halved_by(self, maps: str, layer: Filters) -> str:
        outputs, colours, rows, columns = layer.weights.shape
        in_a_row = layer.weights.transpose(0, 2, 3, 1).reshape(outputs, 1, rows, columns * colours)
        layer = Filters(in_a_row, layer.biases)
        return self._convolved(maps, layer, pads=(1, colours, 0, 0), strides=(2, 2 * colours))

    def mixed(self, maps: str, layer: Filters) -> str:
        return self._convolved(maps, layer)

    def spread(self, maps: str, layer: Filters) -> str:
        return self._convolved(maps, layer, pads=(1, 1, 1, 1), group=len(layer.weights))

    def rectified(self, maps: str) -> str:
        return self.node("Relu", [maps])

    def halved(self, maps: str) -> str:
        return self.node("MaxPool", [maps], kernel_shape=(2, 2), strides=(2, 2))

    def added_doubled(self, maps: str, smaller: str) -> str:
        doubled = self.node(
            "Resize",
            [smaller, "", self._doubling],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return self.node("Add", [maps, doubled])

    def joined(self, levels: Sequence[str]) -> str:
        flat = [self.node("Reshape", [level, self._flat]) for level in levels]
        return self.node("Concat", flat, axis=2)

    def node(self, operator: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        """Add a node and return the name of what it gives."""
        output = f"{operator}{len(self._nodes)}"
        self._nodes.append(
            b"".join(
                (
                    *(_text(1, name) for name in inputs),
                    _text(2, output),
                    _text(4, operator),
                    *(_bytes(5, _attribute(*pair)) for pair in attributes.items()),
                )
            )
        )
        return output

    def message(self, output: str) -> bytes:
        """Return the graph, which gives `output`."""
        return b"".join(
            (
                *(_bytes(1, node) for node in self._nodes),
                _text(2, "yunet"),
                *(_bytes(5, tensor) for tensor in self._tensors),
                _bytes(11, _described(INPUT, _UINT8, ("n", 1, "h", "3w"))),
                _bytes(12, _described(output, _FLOAT, ("n", OUTPUTS, "places"))),
            )
        )

    def _convolved(self, maps: str, layer: Filters, **attributes: Attribute) -> str:
        inputs = [maps, self._tensor(layer.weights), self._tensor(layer.biases)]
        return self.node("Conv", inputs, kernel_shape=layer.weights.shape[2:], **attributes)

    def _tensor(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float32 | np.int64]]) -> str:
        """Add numbers and return their name."""
        name = f"numbers{len(self._tensors)}"
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        self._tensors.append(
            b"".join(
                (
                    *(_number(1, side) for side in values.shape),
                    _number(2, kind),
                    _text(8, name),
                    _bytes(9, values.astype(values.dtype.newbyteorder("<")).tobytes()),
                )
            )
        )
        return name


def _described(name: str, kind: int, sides: Sequence[int | str]) -> bytes:
    """Return a ValueInfoProto: a tensor with its sides, by name where any will do."""
    shape = b"".join(
        _bytes(1, _number(1, side) if isinstance(side, int) else _text(2, side)) for side in sides
    )
    tensor = _number(1, kind) + _bytes(2, shape)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INTEGER_ATTRIBUTE)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _STRING_ATTRIBUTE)
    integers = b"".join(_number(8, one) for one in value)
    return _text(1, name) + integers + _number(20, _INTEGERS_ATTRIBUTE)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Return seven bits in a byte, the lowest first; each byte but the last has its highest bit."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F)
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])
