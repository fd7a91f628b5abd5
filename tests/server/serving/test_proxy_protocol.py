"""Headers of the PROXY protocol: whom they name, and what is wrong with those that are refused."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.serving.proxy_protocol import (
    FIXED_BYTES,
    MOST_BYTES,
    SIGNATURE,
    ProxyHeader,
    ProxyHeaderError,
    crc32c,
    length,
    may_begin,
    parse,
)

from .proxy_headers import (
    LOCAL,
    PROXY,
    TCP4,
    TCP6,
    UNIX_STREAM,
    UNSPECIFIED,
    block,
    extension,
    header,
    relayed,
    with_checksum,
)

NOOP = extension(4, b"padding")
UNIQUE_ID = extension(5, b"0123456789")


@pytest.mark.parametrize("source", ["192.0.2.7", "0.0.0.0", "2001:db8::7", "fe80::1"])
@pytest.mark.parametrize("extensions", [b"", NOOP, UNIQUE_ID + NOOP, extension(0xE0, b"")])
def test_a_client_s_address_is_that_of_the_header(source: str, extensions: bytes) -> None:
    assert parse(relayed(source, extensions)) == ProxyHeader(ipaddress.ip_address(source))


def test_an_ipv4_client_of_an_ipv6_listener_has_its_ipv4_address() -> None:
    assert parse(relayed("::ffff:192.0.2.7")).source == ipaddress.ip_address("192.0.2.7")


@pytest.mark.parametrize(
    "whole",
    [
        header(LOCAL, UNSPECIFIED),
        header(LOCAL, TCP4, block("192.0.2.7")),
        header(LOCAL, 0xFF, b"whatever"),
        with_checksum(LOCAL, UNSPECIFIED),
        header(PROXY, UNSPECIFIED),
        header(PROXY, UNSPECIFIED, b"not looked at"),
        header(PROXY, 0x01),
        header(PROXY, 0x10, block("192.0.2.7")),
        header(PROXY, 0x12, block("192.0.2.7")),
        header(PROXY, UNIX_STREAM, bytes(216)),
        header(PROXY, 0x32, b"/run/proxy".ljust(216, b"\0") + NOOP),
    ],
)
def test_a_proxy_that_names_no_ip_address_speaks_for_itself(whole: bytes) -> None:
    assert parse(whole) == ProxyHeader(None)


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n", "of version 1"),
        (b"\x16\x03\x01" + bytes(20), "signature"),
        (header(0x11, TCP4, block("192.0.2.7")), "of version 1"),
        (header(0x31, TCP4, block("192.0.2.7")), "of version 3"),
        (header(0x22, TCP4, block("192.0.2.7")), "no command 2"),
        (header(PROXY, 0x41, block("192.0.2.7")), "0x41"),
        (header(PROXY, 0x13, block("192.0.2.7")), "0x13"),
        (header(PROXY, TCP4, block("192.0.2.7")[:-1]), "need 12 bytes"),
        (header(PROXY, TCP6, block("192.0.2.7")), "need 36 bytes"),
        (header(PROXY, UNIX_STREAM, bytes(215)), "need 216 bytes"),
        (relayed("192.0.2.7", NOOP + b"\x04\x00"), "cut short"),
        (relayed("192.0.2.7", NOOP[:-1]), "wrong length"),
        (relayed("192.0.2.7", extension(3, bytes(3))), "wrong length"),
        (relayed("192.0.2.7", extension(3, bytes(4))), "checksum"),
        (header(LOCAL, UNSPECIFIED, extension(3, b"oops")), "checksum"),
        (header(PROXY, TCP4, bytes(MOST_BYTES - FIXED_BYTES + 1)), "4097 bytes"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(whole: bytes, words: str) -> None:
    with pytest.raises(ProxyHeaderError, match=words):
        length(whole[:FIXED_BYTES])
        parse(whole)


@pytest.mark.parametrize("cut", range(FIXED_BYTES + 12))
def test_a_part_of_a_header_is_none(cut: int) -> None:
    with pytest.raises(ProxyHeaderError):
        parse(relayed("192.0.2.7")[:cut])


def test_what_cannot_become_a_header_is_reported_by_its_first_byte() -> None:
    assert all(may_begin(header(PROXY, TCP4)[:count]) for count in range(1, 17))
    assert not may_begin(b"\x16")
    assert not may_begin(SIGNATURE[:-1] + b"\r")


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_the_checksum_is_that_of_rfc_3720(data: bytes, checksum: int) -> None:
    """Appendix B.4 has these examples in the byte order of the wire."""
    assert crc32c(data) == checksum


@given(st.integers(0), st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_one_byte_changed_is_noticed_where_there_is_a_checksum(
    number: int, before: bytes, after: bytes, data: st.DataObject
) -> None:
    source = str(ipaddress.IPv6Address(number % 2**128))
    whole = with_checksum(PROXY, TCP6, block(source) + extension(4, before), extension(5, after))
    assert str(parse(whole).source) == str(
        ipaddress.IPv6Address(source).ipv4_mapped or ipaddress.IPv6Address(source)
    )
    at = data.draw(st.integers(FIXED_BYTES, FIXED_BYTES + 35))
    wrong = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    with pytest.raises(ProxyHeaderError, match="checksum"):
        parse(whole[:at] + wrong + whole[at + 1 :])


@given(st.binary(max_size=400))
def test_nothing_else_comes_of_any_bytes(noise: bytes) -> None:
    for whole in (noise, SIGNATURE + noise, header(PROXY, TCP4, noise), header(LOCAL, 0, noise)):
        with suppress(ProxyHeaderError):
            parsed = parse(whole)
            assert length(whole[:FIXED_BYTES]) == len(whole)
            assert isinstance(parsed, ProxyHeader)


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=300))
def test_an_address_comes_out_of_a_whole_header_only(
    command: int, family: int, content: bytes
) -> None:
    whole = header(command, family, content)
    with suppress(ProxyHeaderError):
        source = parse(whole).source
        if source is not None:
            assert (command, family) in {(PROXY, TCP4), (PROXY, TCP6)}
            assert len(content) >= (12 if family == TCP4 else 36)
