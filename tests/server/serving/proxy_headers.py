"""Headers of the PROXY protocol, version 2, put together byte by byte from its specification."""

import ipaddress
import struct

from iot_facerecognition_server.serving.proxy_protocol import SIGNATURE, crc32c

LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6, UNIX_STREAM, UNSPECIFIED = 0x11, 0x21, 0x31, 0x00


def header(command: int, family: int, block: bytes = b"") -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


def block(source: str) -> bytes:
    """Return both addresses and ports of a connection from `source`."""
    client = ipaddress.ip_address(source)
    server = ipaddress.ip_address("192.0.2.99" if client.version == 4 else "2001:db8::99")
    return client.packed + server.packed + struct.pack("!HH", 40_000, 50_000)


def relayed(source: str, extensions: bytes = b"") -> bytes:
    """Return the header for a client at `source`."""
    family = TCP4 if ipaddress.ip_address(source).version == 4 else TCP6
    return header(PROXY, family, block(source) + extensions)


def extension(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def with_checksum(command: int, family: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return a header whose checksum stands between two parts of its block."""
    whole = header(command, family, before + extension(3, bytes(4)) + after)
    at = len(whole) - len(after) - 4
    return whole[:at] + crc32c(whole).to_bytes(4, "big") + whole[at + 4 :]
