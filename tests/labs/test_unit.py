"""The edge's unit under a real systemd: the hardened service works, is watched, and stops.

`make lab-unit`. The unit, the program and the server are the real ones; the camera is a photo.
"""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.edge_device import REPOSITORY, websockets_package
from iot_facerecognition_client.jpeg import read_jpeg_header
from iot_facerecognition_edge.machine.progress import NETWORK_PATIENCE
from lab.cast import people
from lab.server_process import ServerProcess
from tests.labs.booted_debian import BootedDebian, debian_root

UNIT = "iot-facerecognition-edge.service"
USER = "iot-facerecognition"
STATE = "/var/lib/iot-facerecognition-edge"
PHOTO, NAME = "obama2.jpg", "Barack Obama"
WATCHDOG = 15
"""Seconds instead of the unit's sixty, so that nobody has to wait for them."""
PROGRAM = """#!/bin/sh
export PYTHONPATH=/repository/protocol:/repository/edge:/packages PYTHONDONTWRITEBYTECODE=1
[ -z "$SHUT_DOWN" ] || exec /usr/bin/python3 /usr/local/lib/shut-down.py "$@"
exec /usr/bin/python3 -m iot_facerecognition_edge.cli "$@"
"""
SHUT_DOWN = """
import sys
from iot_facerecognition_edge import assembly, cli, headless

async def person(appliance):
    appliance.leave()

headless.run = person
sys.exit(cli.main())
"""


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The real server, which knows the one in the photo."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A port of its own to come back to.
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, people(photos), port=port) as server:
        yield server


@pytest.fixture(scope="module")
def device(photos: Path, server: ServerProcess) -> Iterator[BootedDebian]:
    """A booted system with the unit installed as the Debian package would, and set up."""
    binds = {REPOSITORY: "/repository", websockets_package(): "/packages"}
    with BootedDebian(debian_root(), binds) as device:
        device.run("groupadd", "--system", "gpio")
        device.run("useradd", "--system", "--user-group", "--home-dir", "/nonexistent", USER)
        device.run("sh", "-c", "cat >/usr/bin/iot-facerecognition-edge", given=PROGRAM.encode())
        device.run("chmod", "755", "/usr/bin/iot-facerecognition-edge")
        device.run("sh", "-c", "cat >/usr/local/lib/shut-down.py", given=SHUT_DOWN.encode())
        share = "/usr/share/iot-facerecognition-edge/"
        device.run("install", "-D", "-t", share, "/repository/edge/openssl.cnf")
        device.run("install", "-t", "/etc/systemd/system", f"/repository/edge/{UNIT}")
        drop_in = f"[Service]\nWatchdogSec={WATCHDOG}\n".encode()
        place = f"/etc/systemd/system/{UNIT}.d"
        device.run("mkdir", "-p", place, "/photo")
        device.run("sh", "-c", f"cat >{place}/watchdog.conf", given=drop_in)
        jpeg = (photos / PHOTO).read_bytes()
        device.run("sh", "-c", f"cat >/photo/{PHOTO}", given=jpeg)
        set_up(device, server, jpeg)
        device.run("systemctl", "daemon-reload")
        yield device


def keep(device: BootedDebian, *changes: str) -> None:
    """Keep settings, as the service's user."""
    as_user = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"]
    program = ["iot-facerecognition-edge", "--state-dir", STATE, "settings", "set"]
    device.run(*as_user, *program, *changes)


def source(device: BootedDebian, camera: str) -> None:
    """Let another camera be used at the next start."""
    device.run("systemctl", "stop", UNIT)
    keep(device, f"camera.source={camera}")


def set_up(device: BootedDebian, server: ServerProcess, jpeg: bytes) -> None:
    """Keep the settings that it begins with."""
    access, header = server.access, read_jpeg_header(jpeg)
    device.run("install", "-d", "-o", USER, "-g", USER, "-m", "750", STATE)
    keep(
        device,
        "connection.address=127.0.0.1",
        f"connection.port={access.port}",
        f"connection.token={access.token}",
        f"connection.fingerprint={access.fingerprint}",
        "display.screen=none",
        "camera.source=folder:/photo",
        f"camera.width={header.width}",
        f"camera.height={header.height}",
        "camera.fps=5",
    )


def shown(device: BootedDebian, name: str) -> str:
    return device.run("systemctl", "show", "--value", "--property", name, UNIT)


def journal(device: BootedDebian) -> str:
    return device.run("journalctl", "--no-pager", "--output=cat", "--unit", UNIT)


def test_the_hardened_service_streams_names_and_says_how_it_is(device):
    # `start` returns with READY.
    device.run("systemctl", "start", UNIT)
    assert shown(device, "ActiveState") == "active"
    device.until(lambda: f"face: {NAME}" in journal(device), 60)
    device.until(lambda: "results a second; camera at" in shown(device, "StatusText"), 30)
    print("status:", shown(device, "StatusText"))
    assert shown(device, "StatusText").startswith("connected to 127.0.0.1:")


def test_it_runs_as_its_own_user_with_four_groups_and_no_capability(device):
    status = device.run("cat", f"/proc/{shown(device, 'MainPID')}/status")
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    names = {
        device.run("getent", "group", number).partition(":")[0]
        for number in fields["Groups"].split()
    }
    assert names - {USER} == {"video", "render", "input", "gpio"}
    assert device.run("id", "-un", fields["Uid"].split()[0]) == USER
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Seccomp"].strip() == "2"


def test_a_signal_has_the_statistics_written(device):
    device.run("systemctl", "kill", "--kill-whom=main", "--signal=USR1", UNIT)
    device.until(lambda: "statistics written to" in journal(device), 30)
    faces = device.run("sh", "-c", f"cat {STATE}/statistics/*/faces.csv")
    assert f"{NAME}," in faces


def test_it_finds_the_server_again(device, server):
    server.stop()
    device.until(lambda: "connected" not in shown(device, "StatusText").split(";")[0], 60)
    print("status:", shown(device, "StatusText"))
    server.start()
    device.until(lambda: shown(device, "StatusText").startswith("connected to"), 120)
    assert shown(device, "NRestarts") == "0", "a server that is away is waited for"


def test_a_program_that_hangs_is_started_again(device):
    before = shown(device, "MainPID")
    device.run("systemctl", "kill", "--signal=STOP", UNIT)
    device.until(lambda: shown(device, "NRestarts") == "1", WATCHDOG * 4)
    device.until(lambda: shown(device, "ActiveState") == "active", 60)
    assert shown(device, "MainPID") not in {before, "0"}
    assert "watchdog" in journal(device).lower()
    device.until(lambda: shown(device, "StatusText").startswith("connected to"), 60)


def test_connected_and_without_a_camera_it_lives_on(device):
    source(device, "v4l2:/dev/no-such-camera")
    device.run("systemctl", "restart", UNIT)
    device.until(lambda: shown(device, "StatusText").startswith("connected to"), 60)
    first, began = shown(device, "MainPID"), time.monotonic()
    # As long as it would take to call the network stalled, and systemd to end the program for it.
    device.until(
        lambda: time.monotonic() - began > NETWORK_PATIENCE + WATCHDOG + 15,
        NETWORK_PATIENCE + 2 * WATCHDOG + 15,
    )
    assert shown(device, "MainPID") == first
    print("status:", shown(device, "StatusText"))
    assert shown(device, "StatusText").startswith("connected to")
    assert "hangs" not in journal(device).rpartition("Started ")[2]
    source(device, "folder:/photo")


def test_shut_down_on_its_screen_it_stays_ended(device):
    # What the tile calls is called as soon as there is a connection.
    drop_in = b"[Service]\nEnvironment=SHUT_DOWN=1\n"
    device.run("sh", "-c", f"cat >/etc/systemd/system/{UNIT}.d/ends.conf", given=drop_in)
    device.run("systemctl", "daemon-reload")
    device.run("systemctl", "restart", UNIT, check=False)
    device.until(lambda: shown(device, "ActiveState") == "inactive", 60)
    # An inactive unit is forgotten with its exit status; the journal remembers.
    device.until(
        lambda: "Deactivated successfully" in journal(device).rpartition("Started ")[2], 30
    )
    starts = journal(device).count("Started ")
    # Twice the unit's RestartSec.
    device.run("sleep", "6")
    assert shown(device, "ActiveState") == "inactive"
    assert journal(device).count("Started ") == starts
    device.run("rm", f"/etc/systemd/system/{UNIT}.d/ends.conf")
    device.run("systemctl", "daemon-reload")
    device.run("systemctl", "start", UNIT)


def test_it_stops_when_it_is_told_to(device):
    device.run("systemctl", "stop", UNIT)
    assert shown(device, "ActiveState") == "inactive"
    assert shown(device, "Result") == "success"
    assert shown(device, "ExecMainStatus") == "0"


def test_a_wrong_setting_is_not_tried_for_ever(device):
    # 2 is "a person has to change it".
    drop_in = (
        b"[Service]\nExecStart=\nExecStart=/usr/bin/iot-facerecognition-edge --set camera.fps=x\n"
    )
    device.run("sh", "-c", f"cat >/etc/systemd/system/{UNIT}.d/wrong.conf", given=drop_in)
    device.run("systemctl", "daemon-reload")
    device.run("systemctl", "start", UNIT, check=False)
    device.until(lambda: shown(device, "ActiveState") == "failed", 60)
    assert shown(device, "ExecMainStatus") == "2"
    assert "camera.fps" in journal(device)
