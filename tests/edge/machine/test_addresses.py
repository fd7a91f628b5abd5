"""The device's own addresses: the kernel's for IPv4, its list for IPv6."""

import socket
import subprocess
from pathlib import Path

import pytest

from iot_facerecognition_edge.machine.addresses import OwnAddress, own_addresses

IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000ba27ebfffe123456 02 40 20 80    wlan0
fd00000000000000ba27ebfffe123456 02 40 00 00    wlan0
fd00000000000000000000000000dead 02 40 00 20    wlan0
20010db8000000000000000000000007 03 40 00 80     eth0
damaged
"""


def test_global_addresses_of_version_6_are_reported_and_deprecated_ones_are_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/if_inet6").write_text(IF_INET6)
    assert own_addresses(tmp_path, interfaces=list) == (
        OwnAddress("fd00::ba27:ebff:fe12:3456", "wlan0"),
        OwnAddress("2001:db8::7", "eth0"),
    )


def test_a_kernel_without_version_6_has_none(tmp_path: Path) -> None:
    assert own_addresses(tmp_path, interfaces=list) == ()


def test_the_kernel_tells_the_addresses_of_version_4(tmp_path: Path) -> None:
    """What `hostname -I` prints is asked of the same kernel by another way."""
    told = {own.address for own in own_addresses(tmp_path)}
    assert "127.0.0.1" not in told
    try:
        printed = subprocess.run(["hostname", "-I"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no `hostname -I` here")
    assert told <= set(printed.stdout.split())


def test_an_interface_that_is_gone_is_left_out(tmp_path: Path) -> None:
    gone = [(99, "no-such-if"), *socket.if_nameindex()]
    assert own_addresses(tmp_path, interfaces=lambda: gone) == own_addresses(tmp_path)
