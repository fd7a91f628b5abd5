"""First boot under a real systemd: the sandboxed unit sets a device up, once and again.

The unit, NetworkManager, sshd and the edge's command line are the real ones.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.edge_device import REPOSITORY
from iot_facerecognition_edge.first_boot.template import filled, template
from tests.image.card_device import CMDLINE, LEDS, PERSON, SYSTEMS, UNIT, USER, CardDevice
from tests.labs.booted_debian import BootedDebian

SSID = "Caf\u00e9 \u201cZero\u201d; #1 \\ 'x'"
PASSWORD = " `id`; $(reboot) & \"'\\ #%s ${IFS} \\n ; ~"
TOKEN = "t0ken-of-the-kitchen"
STATE = "/var/lib/iot-facerecognition-edge"
REPORT = "/run/iot-facerecognition-first-boot/report.json"
EXPOSURE = 2.5
"""Most that `systemd-analyze security` may print for the unit."""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The owner's key."""
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="module", params=SYSTEMS, ids=lambda system: system.suite)
def device(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, key: Path
) -> Iterator[CardDevice]:
    """A device with a good card, not yet started; the tests below are its life, in their order."""
    device = CardDevice(tmp_path_factory.mktemp("device"), request.param)
    public = key.with_suffix(".pub").read_text().strip()
    device.write(
        filled(
            template(),
            {
                ("system", "hostname"): "kitchen-camera",
                ("wlan", "ssid"): SSID,
                ("wlan", "password"): PASSWORD,
                ("wlan", "country"): "DE",
                ("iot-facerecognition", "name"): "kitchen",
                ("iot-facerecognition", "server"): "127.0.0.1",
                ("iot-facerecognition", "port"): 50001,
                ("iot-facerecognition", "token"): TOKEN,
                ("iot-facerecognition", "fingerprint"): "ab" * 32,
                ("ssh", "authorized_keys"): (public,),
                ("locale", "timezone"): "Europe/Berlin",
                ("locale", "keymap"): "de",
                ("time", "ntp"): ("192.168.1.1",),
            },
        )
    )
    try:
        yield device
    finally:
        device.close()


def shown(debian: BootedDebian, name: str) -> str:
    return debian.run("systemctl", "show", "--value", "--property", name, UNIT)


def journal(debian: BootedDebian) -> str:
    return debian.run("journalctl", "--no-pager", "--output=cat", "--boot", "--unit", UNIT)


def settings(debian: BootedDebian) -> dict[str, object]:
    found: dict[str, object] = json.loads(debian.run("cat", f"{STATE}/settings.json"))["settings"]
    return found


def report(debian: BootedDebian) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(debian.run("cat", REPORT))
    return found


def inside(debian: BootedDebian, *command: str, check: bool = True) -> str:
    """Run a command as a service does: in the container's own network."""
    return debian.run("systemd-run", "--quiet", "--pipe", "--wait", *command, check=check)


def log_in(debian: BootedDebian, key: Path, *options: str) -> str:
    debian.run("install", "-m", "600", "/dev/stdin", "/root/key", given=key.read_bytes())
    fixed = ["-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]
    command = ["ssh", "-i", "/root/key", *fixed, *options, f"{PERSON}@127.0.0.1"]
    return inside(debian, *command, "sudo", "-n", "id", "-un", check=False)


def test_the_unit_is_valid_and_its_sandbox_is_tight():
    unit = REPOSITORY / "edge" / UNIT
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    print(done.stdout.splitlines()[-1])
    assert (
        float(
            done.stdout.split("UNIT: ")[-1].split()[0]
            if "UNIT: " in done.stdout
            else done.stdout.rsplit(":", 1)[1].split()[0]
        )
        <= EXPOSURE
    )


def test_the_first_start_sets_everything_up(device, key):
    with device.boot() as debian:
        assert shown(debian, "ActiveState") == "active", journal(debian)
        assert shown(debian, "SubState") == "exited"
        print(journal(debian))
        assert report(debian)["problems"] == []
        # Before the network, and the name is the kernel's as well.
        assert debian.run("uname", "--nodename") == "kitchen-camera"
        assert debian.run("cat", "/etc/hostname") == "kitchen-camera"
        assert debian.run("readlink", "/etc/localtime").endswith("/zoneinfo/Europe/Berlin")
        assert (
            debian.run("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{UNIT}") == ""
        )
        # NetworkManager has loaded the profile, and reads in it what was written on the card.
        debian.until(
            lambda: "running" in debian.run("nmcli", "-t", "-f", "running", "general", check=False),
            30,
        )
        for field, expected in (
            ("802-11-wireless.ssid", SSID),
            ("802-11-wireless-security.psk", PASSWORD.strip()),  # as `run` strips what it returns
        ):
            words = ("nmcli", "--show-secrets", "--escape", "no", "--get-values", field)
            found = debian.run(*words, "connection", "show", "iot-facerecognition")
            assert found == expected
        # SSH: the owner of the key, without any password.
        debian.until(lambda: log_in(debian, key) == "root", 30)
        refused = log_in(debian, key, "-o", "PubkeyAuthentication=no")
        assert "Permission denied (publickey)" in refused
        # The edge's own settings, kept as its own.
        assert settings(debian)["connection.token"] == TOKEN
        assert debian.run("stat", "--format=%U %a", f"{STATE}/settings.json") == f"{USER} 600"
        listed = debian.run("iot-facerecognition-edge", "--state-dir", STATE, "settings", "show")
        assert "connection.port = 50001" in listed
    card = device.read()
    assert TOKEN not in card
    assert "IFS" not in card
    assert 'ssid = "' in card
    assert "# The device reads this file" in card
    assert "No mistakes" in device.read("iot-facerecognition-status.txt")


def test_the_next_start_changes_nothing(device, key):
    before = {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in device.card.iterdir()
    }
    with device.boot() as debian:
        assert shown(debian, "SubState") == "exited"
        assert report(debian)["problems"] == []
        assert settings(debian)["connection.token"] == TOKEN
        assert debian.run("uname", "--nodename") == "kitchen-camera"
        debian.until(lambda: log_in(debian, key) == "root", 30)
        debian.run(
            "setpriv", "--reuid", USER, "--regid", USER, "--clear-groups",
            "iot-facerecognition-edge", "--state-dir", STATE, "settings", "set", "camera.fps=7",
        )  # fmt: skip
    after = {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in device.card.iterdir()
    }
    assert after == before


def test_a_changed_file_is_applied_at_the_next_start(device, key):
    start = device.read().index("authorized_keys")
    end = device.read().index("\n", start)
    card = device.read()[:start] + device.read()[end:]
    device.write(card.replace('server = "127.0.0.1"', 'server = "server.local"'))
    with device.boot() as debian:
        assert report(debian)["problems"] == []
        found = settings(debian)
        assert found["connection.address"] == "server.local"
        assert found["connection.token"] == TOKEN
        assert found["camera.fps"] == 7, "what was changed on the device stays"
        assert debian.run("systemctl", "is-enabled", "ssh.service", check=False) == "disabled"
        assert "root" not in log_in(debian, key)


def test_a_mistake_is_reported_by_file_screen_and_light_until_it_is_mended(device):
    good = device.read()
    device.write(good.replace('password = ""', 'password = "short"'))
    with device.boot() as debian:
        assert shown(debian, "ActiveState") == "active"
        assert shown(debian, "SubState") == "running", "it flashes"
        (problem,) = report(debian)["problems"]
        assert "[wlan] password" in problem
        lit = set()

        def seen_on_and_off() -> bool:
            # This stand-in of a light is a plain file, empty for a moment while it is written.
            lit.add(debian.run("cat", f"{LEDS}/ACT/brightness"))
            return lit >= {"0", "1"}

        debian.until(seen_on_and_off, 30)
        debian.run("systemctl", "stop", UNIT)
        assert debian.run("cat", f"{LEDS}/ACT/trigger") == "mmc0"
    status = device.read("iot-facerecognition-status.txt")
    assert "1 mistake to mend" in status
    assert "one long and 3 short" in status
    device.write(good)
    with device.boot() as debian:
        assert report(debian)["problems"] == []
        assert shown(debian, "SubState") == "exited"


def test_a_file_that_is_no_text_does_no_harm(device):
    good = device.read()
    (device.card / "iot-facerecognition.toml").write_bytes(b"\x7fELF" + bytes(range(256)) * 4000)
    with device.boot() as debian:
        (problem,) = report(debian)["problems"]
        assert "longer than 64 KiB" in problem
        assert settings(debian)["connection.address"] == "server.local"
    device.write(good)


def test_a_read_only_card_is_applied_and_told(device):
    device.write(device.read().replace('token = ""', 'token = "another-token"'))
    with device.boot(writable=False) as debian:
        assert settings(debian)["connection.token"] == "another-token"
        assert any("still on the card" in one for one in report(debian)["problems"])
    assert "another-token" in device.read()
    with device.boot() as debian:
        assert report(debian)["problems"] == []
    assert "another-token" not in device.read()


def test_an_imager_1_s_start_is_undone_before_its_script_is_run(device):
    entry = ["systemd.run=/boot/firstrun.sh", "systemd.run_success_action=reboot"]
    entry += ["systemd.unit=kernel-command-line.target"]
    device.write(f"{CMDLINE} {' '.join(entry)}\n", "cmdline.txt")
    device.write("#!/bin/sh\ntouch /boot/firmware/it-was-run\n", "firstrun.sh")
    assert device.boot_until_it_ends(entry, 120) == 133
    assert device.read("cmdline.txt") == f"{CMDLINE}\n"
    assert not (device.card / "firstrun.sh").exists()
    assert not (device.card / "it-was-run").exists()
    with device.boot() as debian:
        assert report(debian)["problems"] == [], "the card has settings of ours"
        assert debian.run("systemctl", "is-active", "multi-user.target") == "active"
