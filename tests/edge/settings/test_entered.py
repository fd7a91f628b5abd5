"""Addresses as people enter them."""

import pytest

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import (
    entered,
)


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("server:4433", "server", 4433),
        (" wss://10.0.0.5:1 ", "10.0.0.5", 1),
        ("[fe80::1]:7", "fe80::1", 7),
    ],
)
def test_an_address_with_a_port_means_both(text: str, address: str, port: int) -> None:
    values = {"connection.address": address, "connection.port": port}
    assert entered("connection.address", text) == values


@pytest.mark.parametrize("text", ["server", "::1", "fe80::1%wlan0"])
def test_an_address_without_a_port_leaves_the_port_alone(text: str) -> None:
    assert entered("connection.address", text) == {"connection.address": text}


@pytest.mark.parametrize("text", ["server:0", "server:x", "a/b:1", "ws://server:1"])
def test_an_address_with_no_port_of_this_world_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"connection\.(address|port)"):
        entered("connection.address", text)
