"""The convolutions in a file of ONNX, which is a message of Protocol Buffers.

Field numbers are those of onnx.proto (github.com/onnx/onnx), wire types those of
https://protobuf.dev/programming-guides/encoding/. Reading these few needs no package of either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MODEL_GRAPH: Final = 7
_GRAPH_NODE: Final = 1
_GRAPH_INITIALIZER: Final = 5
_NODE_INPUT: Final = 1
_NODE_OPERATOR: Final = 4
_TENSOR_SIDES: Final = 1
_TENSOR_TYPE: Final = 2
_TENSOR_NAME: Final = 8
_TENSOR_BYTES: Final = 9
_FLOAT: Final = 1
_VARINT: Final = 0
_FIXED_64: Final = 1
_BYTES: Final = 2
_FIXED_32: Final = 5
_FIXED_LENGTHS: Final = {_FIXED_64: 8, _FIXED_32: 4}
_LONGEST_VARINT: Final = 10
_CONVOLUTION: Final = b"Conv"
_INPUTS: Final = 3
"""Of a convolution with biases: maps, filters, biases."""

Floats = NDArray[np.float32]


class OnnxFormatError(Exception):
    """Bytes that are no model, or one whose convolutions are not what they should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """A convolution's `weights`, (outputs, inputs of a group, rows, columns), and its biases."""

    weights: Floats
    biases: Floats


def read_convolutions(data: bytes) -> list[Filters]:
    """Return the convolutions of a model in the order of its graph. Raises OnnxFormatError."""
    tensors: dict[bytes, Floats] = {}
    named: list[list[bytes]] = []
    for graph in _messages(data, _MODEL_GRAPH):
        for tensor in _messages(graph, _GRAPH_INITIALIZER):
            _add_tensor(tensors, tensor)
        named += [
            list(_messages(node, _NODE_INPUT))
            for node in _messages(graph, _GRAPH_NODE)
            if _CONVOLUTION in _messages(node, _NODE_OPERATOR)
        ]
    return [_filters(inputs, tensors) for inputs in named]


def _filters(inputs: list[bytes], tensors: dict[bytes, Floats]) -> Filters:
    if len(inputs) != _INPUTS or not {*inputs[1:]} <= tensors.keys():
        raise OnnxFormatError("a convolution without filters or biases")
    weights, biases = tensors[inputs[1]], tensors[inputs[2]]
    if weights.ndim != 4 or biases.shape != weights.shape[:1]:  # noqa: PLR2004
        raise OnnxFormatError(f"filters {weights.shape} with biases {biases.shape}")
    return Filters(weights, biases)


def _add_tensor(tensors: dict[bytes, Floats], message: bytes) -> None:
    """Add a tensor of floats to `tensors`; those of other types are shapes of the graph."""
    name, content, kind, sides = b"", b"", None, list[int]()
    for number, value in _fields(message):
        match number, value:
            case (_, int()) if number == _TENSOR_TYPE:
                kind = value
            case (_, int()) if number == _TENSOR_SIDES:
                sides.append(value)
            case (_, bytes()) if number == _TENSOR_SIDES:
                sides += _packed(value)
            case (_, bytes()) if number == _TENSOR_NAME:
                name = value
            case (_, bytes()) if number == _TENSOR_BYTES:
                content = value
    if kind != _FLOAT:
        return
    values = np.frombuffer(content, "<f4") if len(content) % 4 == 0 else np.empty(0, np.float32)
    if values.size != np.prod(sides, dtype=np.int64) or not np.isfinite(values).all():
        raise OnnxFormatError(f"{len(content)} bytes are no tensor of {sides} finite numbers")
    tensors[name] = values.reshape(sides).astype(np.float32)


def _messages(data: bytes, wanted: int) -> Iterator[bytes]:
    """Yield what the message `data` holds in its field number `wanted`."""
    for number, value in _fields(data):
        if number == wanted and isinstance(value, bytes):
            yield value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == _BYTES:
            length, at = _varint(data, at)
        elif wire in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[wire]
        else:
            raise OnnxFormatError(f"wire type {wire} is in no file of ONNX")
        if at + length > len(data):
            raise OnnxFormatError("it ends within a field")
        yield number, data[at : at + length]
        at += length


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, seven bits in a byte with the lowest first, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 - the highest bit: more bytes follow
            return value, at + place + 1
    raise OnnxFormatError("it ends within a number")
