"""The header by which a proxy tells whom it relays: version 2 of the PROXY protocol. No I/O.

The format is section 2.2 of HAProxy's `proxy-protocol.txt`: 16 bytes that say how long the rest is,
addresses, and after them extensions (type, length, value), of which only the checksum is looked at.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
"""How every header of version 2 begins."""
FIXED_BYTES: Final = 16
"""The part of a header that all have in common; it tells how long the header is."""
MOST_BYTES: Final = 4096
"""Longest header that is taken. A sender keeps it below one TCP segment; with the names and
certificates that proxies add it has some hundred bytes."""

_VERSION_1: Final = b"PROXY "
_VERSION: Final = 2
_LOCAL, _PROXY = 0, 1
_UNSPECIFIED, _IPV4, _IPV6, _UNIX = range(4)
_STREAM: Final = 1
_DATAGRAM: Final = 2
_ADDRESS_BYTES: Final = {_UNSPECIFIED: 0, _IPV4: 12, _IPV6: 36, _UNIX: 216}
"""Both addresses and, of the Internet's, both ports."""
_CHECKSUM_TYPE: Final = 0x03
_CHECKSUM_BYTES: Final = 4


class ProxyHeaderError(Exception):
    """A header that cannot be taken; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What a header says.

    `source` is the client's address. It is None where the proxy speaks for itself (LOCAL, as its
    health checks do) and where the client has no IP address: then the proxy's own counts.
    """

    source: IPv4Address | IPv6Address | None


def length(fixed: bytes) -> int:
    """Return how many bytes the header has that begins with `fixed`, FIXED_BYTES of them.

    Raises ProxyHeaderError.
    """
    if not fixed.startswith(SIGNATURE):
        raise ProxyHeaderError(
            "it is of version 1, and only version 2 is read here; switch the proxy to it"
            if fixed.startswith(_VERSION_1)
            else "it does not begin with the signature of version 2"
        )
    version = fixed[12] >> 4
    if version != _VERSION:
        raise ProxyHeaderError(f"it is of version {version}, and only version 2 is read here")
    (rest,) = struct.unpack_from("!H", fixed, 14)
    whole = FIXED_BYTES + int(rest)
    if whole > MOST_BYTES:
        raise ProxyHeaderError(f"it has {whole} bytes, and {MOST_BYTES} are the most")
    return whole


def may_begin(first: bytes) -> bool:
    """Tell whether `first`, at least one byte, may be the begin of a header of version 2."""
    return SIGNATURE.startswith(first[: len(SIGNATURE)])


def parse(header: bytes) -> ProxyHeader:
    """Return what a whole header says. Raises ProxyHeaderError."""
    if len(header) < FIXED_BYTES or len(header) != length(header[:FIXED_BYTES]):
        raise ProxyHeaderError("it is not whole")
    command, family, transport = header[12] & 0xF, header[13] >> 4, header[13] & 0xF
    if command not in {_LOCAL, _PROXY}:
        raise ProxyHeaderError(f"there is no command {command}")
    if command == _LOCAL:
        # The block is discarded whatever it says, but a checksum holds where there is one.
        _verify(header, _ADDRESS_BYTES.get(family, 0), strict=False)
        return ProxyHeader(None)
    if family not in _ADDRESS_BYTES or transport > _DATAGRAM:
        raise ProxyHeaderError(f"there is no address family and transport {header[13]:#04x}")
    addresses = _ADDRESS_BYTES[family]
    if len(header) < FIXED_BYTES + addresses:
        raise ProxyHeaderError(f"its addresses need {addresses} bytes")
    _verify(header, addresses, strict=family != _UNSPECIFIED)
    if transport != _STREAM:
        return ProxyHeader(None)
    return ProxyHeader(_source(header, family))


def _source(header: bytes, family: int) -> IPv4Address | IPv6Address | None:
    if family == _IPV4:
        return IPv4Address(header[FIXED_BYTES : FIXED_BYTES + 4])
    if family == _IPV6:
        address = IPv6Address(header[FIXED_BYTES : FIXED_BYTES + 16])
        return address.ipv4_mapped or address
    return None


def _verify(header: bytes, addresses: int, *, strict: bool) -> None:
    """Raise ProxyHeaderError for a wrong checksum and, if `strict`, for damaged extensions."""
    begin = FIXED_BYTES + addresses
    try:
        found = [at for kind, at, size in _extensions(header, begin) if kind == _CHECKSUM_TYPE]
    except ProxyHeaderError:
        if strict:
            raise
        return
    for at in found:
        checksum = int.from_bytes(header[at : at + _CHECKSUM_BYTES], "big")
        zeroed = header[:at] + bytes(_CHECKSUM_BYTES) + header[at + _CHECKSUM_BYTES :]
        if crc32c(zeroed) != checksum:
            raise ProxyHeaderError("its checksum is wrong")


def _extensions(header: bytes, begin: int) -> Iterator[tuple[int, int, int]]:
    """Yield type, place and size of each value. Raises ProxyHeaderError for one that is cut."""
    at = begin
    while at < len(header):
        if at + 3 > len(header):
            raise ProxyHeaderError("an extension in it is cut short")
        kind, size = struct.unpack_from("!BH", header, at)
        at += 3
        if at + size > len(header) or (kind == _CHECKSUM_TYPE and size != _CHECKSUM_BYTES):
            raise ProxyHeaderError("an extension in it has a wrong length")
        yield kind, at, size
        at += size


def _table() -> tuple[int, ...]:
    """Return the CRC of each byte, for the reflected polynomial of RFC 9260, appendix A."""
    table = []
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
        table.append(remainder)
    return tuple(table)


_TABLE: Final = _table()


def crc32c(data: bytes) -> int:
    """Return the CRC32C (Castagnoli) of `data`."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
