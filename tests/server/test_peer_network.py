"""Limits of an address go by what its holder cannot choose."""

import pytest

from iot_facerecognition_server.peer_network import peer_network
from iot_facerecognition_server.trust.client_identity import address_identity


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::7", "2001:db8::/64"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_network(address: str, network: str) -> None:
    assert peer_network(address) == network


def test_whoever_has_a_network_has_one_budget() -> None:
    first, second = address_identity("2001:db8::1"), address_identity("2001:db8::2")
    assert first.account == second.account
    assert first.name != second.name, "the log still tells them apart"
    assert address_identity("192.0.2.1").account != address_identity("192.0.2.2").account
