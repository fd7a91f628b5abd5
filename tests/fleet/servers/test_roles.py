"""server.yml, backup.yml and restore.yml on hosts as Debian comes, in the order of the file."""

import base64
import re

import pytest

from lab.photos import fetch_photos
from tests.fleet.servers.hosts import COMMAND, PASSWORD, UNIT, ServerHosts, changed

pytestmark = [pytest.mark.timeout(1500, func_only=True), pytest.mark.long]
# What Python compiles when Ansible's modules run is no change of a role's.
WRITTEN = (
    "find /etc /usr /var/lib /opt -xdev -newer /etc/machine-id -not -path '*/systemd/*'"
    " -not -path '*/__pycache__*'"
)


@pytest.fixture(scope="module")
def checked(hosts: ServerHosts):
    """The first run of all: a check of hosts that have nothing of ours."""
    before = {
        name: hosts.host(name).console("sh", "-c", WRITTEN) for name in ("recognition", "watch")
    }
    return before, hosts.play("server", "--check", "--diff")


@pytest.fixture(scope="module")
def installed(hosts: ServerHosts, checked):
    """The run that sets both up, as verbose as can be."""
    return hosts.play("server", "-vvv")


def test_a_check_of_fresh_hosts_runs_through_and_changes_nothing(hosts, checked):
    before, done = checked
    assert done.returncode == 0, done.stdout[-4000:]
    assert min(changed(done).values()) > 0, "it says what it would do"
    assert "+++ after: " in done.stdout
    for name, written in before.items():
        assert hosts.host(name).console("sh", "-c", WRITTEN) == written


def test_server_and_monitoring_are_set_up_and_verified(hosts, installed):
    assert installed.returncode == 0, installed.stdout[-4000:]
    state = hosts.host("recognition").console("systemctl", "is-active", UNIT)
    assert state == "active"


def test_no_secret_is_in_the_most_verbose_output(hosts, installed):
    server = hosts.host("recognition")
    secrets = {PASSWORD}
    for name in ("metrics-password", "first-token"):
        secrets.add(server.console("cat", f"/etc/iot-facerecognition-server/files/{name}"))
    key = "/var/lib/iot-facerecognition-server/state/server.pem"
    secrets.add(server.console("sed", "-n", "2p", key))
    assert len(secrets) == 4
    hidden = secrets | {base64.b64encode(secret.encode()).decode() for secret in secrets}
    assert [secret[:6] for secret in hidden if secret in installed.stdout] == []


def test_a_second_run_changes_nothing(hosts, installed):
    server = hosts.host("recognition")
    before = server.shown(UNIT, "ExecMainStartTimestamp")
    done = hosts.play("server")
    assert done.returncode == 0, done.stdout[-4000:]
    assert set(changed(done).values()) == {0}, done.stdout
    assert server.shown(UNIT, "ExecMainStartTimestamp") == before


def test_only_the_watching_host_reaches_the_metrics(hosts, installed):
    address = hosts.host("recognition").address
    ask = ["python3", "-c", f"import socket; socket.create_connection(('{address}', 50090), 3)"]
    assert hosts.host("watch").console(*ask, check=False) == ""
    assert "timed out" in hosts.host("spare").console(*ask, check=False)
    edges_port = [*ask[:2], ask[2].replace("50090", "50000")]
    assert hosts.host("spare").console(*edges_port, check=False) == ""


def test_the_names_of_the_inventory_are_in_the_certificate(hosts, installed):
    assert "recognition.lan" in hosts.host("recognition").console(COMMAND, "cert", "show")


def test_a_release_that_does_not_start_is_put_back(hosts, installed):
    server = hosts.host("recognition")
    before = server.console("readlink", "/opt/iot-facerecognition-server/current")
    done = hosts.play("server", "--limit", "servers", server_wheel=str(hosts.wheel_that_ends()))
    assert done.returncode != 0
    assert "What ran before was put back" in done.stdout
    assert "broken in the lab" in done.stdout
    assert server.console("readlink", "/opt/iot-facerecognition-server/current") == before
    assert server.console("systemctl", "is-active", UNIT) == "active"


def test_settings_that_the_server_refuses_never_reach_it(hosts, installed):
    server = hosts.host("recognition")
    before = server.shown(UNIT, "ExecMainStartTimestamp")
    done = hosts.play("server", "--limit", "servers", server_settings={"Engine": {"Wrokers": 1}})
    assert done.returncode != 0
    assert "Wrokers" in done.stdout
    done = hosts.play("server", "--limit", "servers")
    assert done.returncode == 0, done.stdout[-4000:]
    assert server.console("systemctl", "is-active", UNIT) == "active"
    assert before


def known(hosts: ServerHosts, name: str) -> dict[str, str]:
    """Return what makes a server itself."""
    asked = {"certificate": "cert show", "people": "faces list", "tokens": "token list"}
    return {
        what: hosts.host(name).console(COMMAND, *words.split()) for what, words in asked.items()
    }


def test_a_backup_is_restored_on_another_host(hosts, installed, tmp_path):
    server = hosts.host("recognition")
    photo = "/var/lib/iot-facerecognition-server/faces/obama.jpg"
    content = (fetch_photos() / "obama.jpg").read_bytes()
    server.console(
        "sh", "-c", f"install -d -o 10001 -g 10001 $(dirname {photo}); cat >{photo}", given=content
    )
    server.console(COMMAND, "faces", "add", "Barack Obama", photo)
    server.console(COMMAND, "token", "add", "kitchen")
    before = known(hosts, "recognition")
    assert "Barack Obama" in before["people"]
    done = hosts.play("backup", backup_to=str(tmp_path / "backups"))
    assert done.returncode == 0, done.stdout[-4000:]
    (backup,) = (tmp_path / "backups").glob("recognition-*.tar")
    assert backup.stat().st_mode & 0o777 == 0o600
    done = hosts.play(
        "restore", "--limit", "servers", server="spare", server_restore_file=str(backup)
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert known(hosts, "spare") == before
    # Over what is there by now it says no, and the server goes on.
    done = hosts.play(
        "restore", "--limit", "servers", server="spare", server_restore_file=str(backup)
    )
    assert done.returncode != 0
    assert "is there already" in done.stdout
    assert hosts.host("spare").console("systemctl", "is-active", UNIT) == "active"


def test_only_the_newest_backups_are_kept(hosts, installed):
    server = hosts.host("recognition")
    folder = "/var/backups/iot-facerecognition-server"
    for day in range(10, 30):
        server.console("touch", f"{folder}/recognition-202601{day}T000000Z.tar")
    server.console("touch", f"{folder}/notes.txt")
    server.console("systemctl", "start", "iot-facerecognition-server-backup.service")
    left = server.console("ls", folder).split()
    assert "notes.txt" in left
    assert len([name for name in left if re.fullmatch(r"recognition-\w+\.tar", name)]) == 14
