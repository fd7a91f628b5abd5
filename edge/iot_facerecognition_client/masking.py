"""Masking of WebSocket frames where websockets has no C for it: a third of the work in Python.

RFC 6455, section 5.3: octet i of a frame is XORed with octet i modulo 4 of a random key. websockets
without its `speedups` (its pure Python wheel, Debian 12's package) does so by one number as long as
the frame, which takes 53 instructions an octet of an ARM1176. Here each octet of the key becomes
a table of 256, by which the octets that it masks are translated.
"""

from functools import cache
from typing import Any

from websockets import frames, utils

_LEAST = 256
"""Octets from which this is cheaper than what websockets does."""
_KEY = 4
_EVERY = int.from_bytes(range(256), "little")
_ONES = int.from_bytes(b"\x01" * 256, "little")


def apply_mask(data: bytes | bytearray | memoryview, mask: bytes) -> bytes:
    """Return `data` masked by the four octets of `mask`; masked again it is `data`."""
    if len(mask) != _KEY:
        raise ValueError(f"a mask has {_KEY} octets, not {len(mask)}")
    content = bytes(data)
    if len(content) < _LEAST:
        return utils.apply_mask(content, mask)
    masked = bytearray(len(content))
    for place in range(_KEY):
        masked[place::_KEY] = content[place::_KEY].translate(_table(mask[place]))
    return bytes(masked)


@cache
def _table(octet: int) -> bytes:
    """Return what each octet becomes when it is XORed with `octet`."""
    return (_EVERY ^ octet * _ONES).to_bytes(256, "little")


def mask_by_tables() -> None:
    """Let websockets mask by `apply_mask` where it has no C for it; the octets are the same."""
    module: Any = frames
    if module.apply_mask is utils.apply_mask:
        module.apply_mask = apply_mask
