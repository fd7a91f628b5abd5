"""Addresses of servers as people write them."""

import pytest

from iot_facerecognition_client import ServerAddress


@pytest.mark.parametrize(
    ("text", "host", "port", "url"),
    [
        ("server", "server", 50000, "wss://server:50000"),
        ("server:443", "server", 443, "wss://server:443"),
        (" wss://server:1/ ", "server", 1, "wss://server:1"),
        ("192.168.1.2:50001", "192.168.1.2", 50001, "wss://192.168.1.2:50001"),
        ("::1", "::1", 50000, "wss://[::1]:50000"),
        ("[fe80::1]:7", "fe80::1", 7, "wss://[fe80::1]:7"),
        ("[fe80::1%wlan0]:7", "fe80::1%wlan0", 7, "wss://[fe80::1%wlan0]:7"),
        ("fe80::1%wlan0", "fe80::1%wlan0", 50000, "wss://[fe80::1%wlan0]:50000"),
    ],
)
def test_addresses_as_people_write_them(text, host, port, url):
    address = ServerAddress.parse(text)
    assert address == ServerAddress(host, port)
    assert address.url == url
    assert ServerAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "ws://server",
        "https://server",
        "server:0",
        "server:65536",
        "server:x",
        "a/b",
        "user@server",
        "two words",
        "server:1:2]",
        "server:1:2",
        "server%1",
        "server?x",
        "server#x",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - each text has a reason of its own
        ServerAddress.parse(text)


def test_a_host_with_a_port_is_refused_with_the_two_apart():
    with pytest.raises(ValueError, match=r"host server\.local and port 4433 apart"):
        ServerAddress("server.local:4433")
