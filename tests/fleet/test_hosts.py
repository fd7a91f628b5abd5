"""The lab's own hosts: a network of their own, a disk that survives, and a plug to pull."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.hosts.host import Host
from lab.hosts.lab import HostLab
from lab.hosts.root import EDGE_BOOKWORM, EDGE_TRIXIE

pytestmark = [pytest.mark.timeout(900, func_only=True), pytest.mark.long]


@pytest.fixture(scope="module")
def lab() -> Iterator[HostLab]:
    """Two hosts of two releases."""
    with (
        tempfile.TemporaryDirectory(prefix="iotfr-hosts-", dir="/var/tmp") as folder,
        HostLab(Path(folder)) as lab,
    ):
        for name, root in (("first", EDGE_BOOKWORM), ("second", EDGE_TRIXIE)):
            lab.add(name, root)
        for host in lab.hosts.values():
            host.power_on()
        for host in lab.hosts.values():
            host.until_up()
        yield lab


@pytest.fixture
def first(lab: HostLab) -> Host:
    return lab.hosts["first"]


def test_the_operator_logs_in_by_key_and_may_become_root(lab):
    for host, release in ((lab.hosts["first"], "12"), (lab.hosts["second"], "13")):
        assert host.ssh("hostname") == host.name
        assert host.ssh("sudo", "id", "-un") == "root"
        assert host.ssh("cat", "/etc/debian_version").startswith(release)
        assert host.console("systemctl", "is-system-running", check=False) in {
            "running",
            "degraded",
        }


def test_hosts_reach_each_other_and_nothing_else(lab, first):
    second = lab.hosts["second"]
    reach = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    assert first.console("python3", "-c", reach, "second", "22") == ""
    routes = first.console("ip", "route")
    assert routes == f"10.77.0.0/24 dev eth0 proto kernel scope link src {first.address}"
    assert second.address not in routes


def test_a_cut_network_lets_nothing_through_until_it_is_mended(lab, first):
    second = lab.hosts["second"]
    reach = "import socket, sys; socket.create_connection((sys.argv[1], 22), 2)"
    second.cut_network()
    assert "timed out" in first.console("python3", "-c", reach, "second", check=False)
    second.mend_network()
    first.until(
        lambda: first.console("python3", "-c", reach, "second", check=False) == "",
        30,
        "to reach it",
    )


def test_a_power_cut_ends_everything_and_the_disk_stays(first):
    first.console("sh", "-c", "echo kept >/etc/kept; echo gone >/run/gone")
    first.console("systemd-run", "--unit=sleeper", "sleep", "1000")
    assert first.processes()
    first.power_cut()
    assert first.processes() == set()
    first.start()
    assert first.console("cat", "/etc/kept") == "kept"
    assert "No such file" in first.console("cat", "/run/gone", check=False)
    assert first.console("systemctl", "is-active", "sleeper", check=False) == "inactive"
    assert first.ssh("hostname") == "first"


def test_a_reboot_comes_back_by_itself(first):
    first.console("sh", "-c", "echo gone >/run/gone")
    first.reboot()
    assert "No such file" in first.console("cat", "/run/gone", check=False)
    assert first.ssh("hostname") == "first"
