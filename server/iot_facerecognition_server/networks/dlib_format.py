"""dlib's serialisation: the primitives from which its files are made.

After davisking/dlib, `dlib/serialize.h`, `dlib/float_details.h` and `dlib/cuda/tensor.h`.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_NEGATIVE: Final = 0x80
_COUNT: Final = 0x0F
_LARGEST_INTEGER: Final = 8
"""Bytes of dlib's largest integer types."""
_INFINITY: Final = 32000
_MINUS_INFINITY: Final = 32001
_NOT_A_NUMBER: Final = 32002
_TENSOR_VERSION: Final = 2
_ALIAS_VERSION: Final = 1
_FLOAT: Final = np.dtype("<f4")
_LONGEST_TEXT: Final = 1000
"""Far longer than any layer's name or label: what is longer is no text of a network file."""

Shape = tuple[int, int, int, int]
"""dlib's order: samples, channels, rows, columns."""


class DlibFormatError(Exception):
    """Bytes that are not what dlib would have written.

    `offset` is where in the file, in bytes from its beginning.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"at byte {offset}: {reason}")
        self.reason = reason
        self.offset = offset


class DlibReader:
    """Reads one primitive after another. Every fault is a DlibFormatError, whatever the bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.offset = 0

    @property
    def at_end(self) -> bool:
        """Whether every byte was read."""
        return self.offset == len(self._data)

    def integer(self) -> int:
        """Read a whole number of up to 64 bits."""
        start = self.offset
        control = self._take(1)[0]
        count = control & _COUNT
        if not 1 <= count <= _LARGEST_INTEGER or control & ~(_COUNT | _NEGATIVE):
            raise DlibFormatError(f"{control:02x} begins no integer", start)
        magnitude = int.from_bytes(self._take(count), "little")
        return -magnitude if control & _NEGATIVE else magnitude

    def size(self, what: str, most: int) -> int:
        """Read a whole number that counts `what`, 0 to `most`."""
        start = self.offset
        value = self.integer()
        if not 0 <= value <= most:
            raise DlibFormatError(f"{value} {what}, from 0 to {most} are possible", start)
        return value

    def byte(self) -> int:
        """Read a bare byte, as dlib writes 8-bit integers."""
        return self._take(1)[0]

    def boolean(self) -> bool:
        """Read a truth value, which dlib writes as a digit."""
        start = self.offset
        value = self._take(1)
        if value not in {b"0", b"1"}:
            raise DlibFormatError(f"{value.hex()} is no truth value", start)
        return value == b"1"

    def number(self) -> float:
        """Read a floating point number: mantissa times two to the exponent."""
        start = self.offset
        mantissa, exponent = self.integer(), self.integer()
        if exponent == _INFINITY:
            return math.inf
        if exponent == _MINUS_INFINITY:
            return -math.inf
        if exponent == _NOT_A_NUMBER:
            return math.nan
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError:
            reason = f"{mantissa} times two to the {exponent} is beyond a double"
            raise DlibFormatError(reason, start) from None

    def text(self) -> str:
        """Read a string: a layer's name or a label."""
        start = self.offset
        raw = self._take(self.size("characters", _LONGEST_TEXT))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise DlibFormatError(f"{raw[:20].hex(' ')} is no text", start) from None

    def tensor(self) -> NDArray[np.float32]:
        """Read a tensor as float32 of four dimensions; an empty one has zeros in its shape."""
        shape = self._shape(_TENSOR_VERSION, "tensor")
        raw = self._take(math.prod(shape) * _FLOAT.itemsize)
        return np.frombuffer(raw, _FLOAT).reshape(shape)

    def alias(self) -> Shape:
        """Read the shape that a part of another tensor is to be seen in."""
        return self._shape(_ALIAS_VERSION, "alias")

    def _shape(self, version: int, what: str) -> Shape:
        start = self.offset
        found = self.integer()
        if found != version:
            raise DlibFormatError(f"{what} version {found}, {version} is known", start)
        most = len(self._data)  # no dimension of a tensor in here can be larger
        samples, channels, rows, columns = (self.size(f"as {what} side", most) for _ in range(4))
        return samples, channels, rows, columns

    def _take(self, count: int) -> bytes:
        end = self.offset + count
        if end > len(self._data):
            reason = f"the file ends, {end - len(self._data)} bytes are missing"
            raise DlibFormatError(reason, self.offset)
        taken = self._data[self.offset : end]
        self.offset = end
        return taken
