"""site.yml: from nothing to three edges that stream and are answered; then it changes nothing."""

import re
import subprocess

import pytest

from benchmarks.edge_device import DeviceError
from lab.hosts.host import Host
from lab.hosts.root import EDGE_BOOKWORM
from tests.fleet.fleet import EDGES, PATIENCE, SECRET, SERVER_COMMAND, UNIT, Fleet

pytestmark = pytest.mark.timeout(1500, func_only=True)


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return how many tasks changed something, by host, from the recap."""
    _, _, recap = done.stdout.rpartition("PLAY RECAP")
    found = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", recap, re.MULTILINE)
    assert found, done.stdout[-2000:]
    return {host: int(count) for host, count in found}


@pytest.fixture(scope="module")
def adopted(fleet: Fleet) -> subprocess.CompletedProcess[str]:
    """The run that sets everything up, as verbose as can be."""
    return fleet.play("site", "-vvv")


def test_from_nothing_to_three_edges_that_stream(fleet, adopted):
    assert adopted.returncode == 0, adopted.stdout[-4000:]
    fleet.teach()
    fleet.view().until_streaming(EDGES, PATIENCE, [fleet.version])


@pytest.mark.parametrize("name", EDGES)
def test_each_edge_names_who_its_camera_sees(fleet, adopted, name):
    fleet.until_named(name)


def test_no_secret_is_in_the_most_verbose_output(fleet, adopted):
    secrets = {SECRET}
    for name in EDGES:
        kept = fleet.edge(name).read_json("/var/lib/iot-facerecognition-edge/settings.json")
        assert isinstance(kept, dict)
        secrets.add(kept["settings"]["connection.token"])
    secrets |= set(private_keys(fleet))
    assert len(secrets) > len(EDGES) + 1
    assert [secret[:8] for secret in secrets if secret in adopted.stdout] == []


def private_keys(fleet: Fleet) -> list[str]:
    """Return a line out of the middle of each private key on the server."""
    found = fleet.server.console(
        "sh", "-c", "grep -rlsI 'PRIVATE KEY' /var/lib/iot-facerecognition-server /etc/iot* || true"
    )
    return [fleet.server.console("sed", "-n", "2p", path) for path in found.split()]


def test_a_second_run_changes_nothing(fleet, adopted):
    starts = {name: fleet.edge(name).shown(UNIT, "ExecMainStartTimestamp") for name in EDGES}
    done = fleet.play("site")
    assert done.returncode == 0, done.stdout[-4000:]
    assert set(changed(done).values()) == {0}, done.stdout
    assert starts == {
        name: fleet.edge(name).shown(UNIT, "ExecMainStartTimestamp") for name in EDGES
    }


def written(host: Host) -> str:
    """Return what was written to its settings and its list of packages since it was made."""
    return host.console(
        "find", "/etc", "/var/lib/dpkg", "-newer", "/etc/hostname", "-printf", "%p %T@\\n"
    )


def test_a_check_of_a_fresh_host_runs_through_and_changes_nothing(fleet, adopted):
    fresh = fleet.add_edge("fresh", "obama.jpg", EDGE_BOOKWORM)
    fresh.start()
    try:
        before = written(fresh)
        inventory = fleet.inventory(edges=(*EDGES, "fresh"))
        done = fleet.play("edges", "--check", "--diff", "--limit", "fresh", inventory=inventory)
        assert done.returncode == 0, done.stdout[-4000:]
        assert changed(done)["fresh"] > 0, "it says what it would do"
        assert "not installed" in fresh.console(
            "sh", "-c", f"systemctl cat {UNIT} || echo not installed"
        )
        assert before == written(fresh)
        tokens = fleet.server.console(SERVER_COMMAND, "token", "list")
        assert "fresh" not in tokens
    finally:
        fresh.power_off()


def test_the_servers_own_record_is_an_inventory(fleet, adopted):
    view = fleet.view()
    view.until_streaming(EDGES, PATIENCE)
    shown = fleet.server.console(SERVER_COMMAND, "cert", "show")
    (fingerprint,) = re.findall(r"sha256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", shown)
    configuration = fleet.folder / "lab.fleet.yml"
    lines = (
        "plugin: iot_facerecognition.appliance.fleet",
        f"url: {view.url}",
        f"fingerprint: {fingerprint}",
    )
    configuration.write_text("\n".join(lines))
    listed = fleet.lab.listed_inventory(configuration, view.token)
    edges = set(listed["edges"]["hosts"])
    assert edges == set(EDGES)
    assert set(listed["connected"]["hosts"]) == edges
    version = "version_" + re.sub(r"\W", "_", fleet.version)
    assert set(listed[version]["hosts"]) == edges
    variables = listed["_meta"]["hostvars"]
    for name in EDGES:
        # What an edge may have chosen itself is no template.
        told = {"__ansible_unsafe": fleet.edge(name).address}
        assert variables[name]["ansible_host"] == told
        assert variables[name]["fleet_reported"] == {"__ansible_unsafe": fleet.version}
    # Another server's certificate gets no token.
    text = configuration.read_text().replace(fingerprint, "sha256:" + ":".join(["AA"] * 32))
    configuration.write_text(text)
    with pytest.raises(DeviceError, match=r"the\s+token\s+was\s+not\s+sent"):
        fleet.lab.listed_inventory(configuration, view.token)
