"""Updates on booted systems: a good one, broken ones, dpkg killed, and the power cut.

systemd, dpkg, apt, the guard, TLS and the server that acknowledges are real; the camera is a photo.
Each time the device comes back streaming, and dpkg and the guard have nothing left to do. The tests
of one system follow each other. `UPDATE_SEED` chooses the moments of the power cuts.
"""

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cast import people
from lab.server_process import ServerProcess
from scripts.apt_repository import publish
from tests.image.device import PACKAGE, free_port
from tests.image.repository import Signer
from tests.image.roots import BOOKWORM, TRIXIE, System
from tests.image.updating_device import (
    FOLDER,
    GUARD,
    UPDATE,
    UpdatingDevice,
    cannot_be_configured,
    crashes,
    has_no_updater,
    is_silent,
    unchanged,
    updating_device,
    variant,
)

PHOTO = "obama2.jpg"
SEED = int(os.environ.get("UPDATE_SEED", "13"))
CUTS = {"image-bookworm": 3, "image-trixie": 1}
"""Power cuts at a random moment, in addition to those in the middle of dpkg's work."""
LONGEST = 12.0
"""Seconds from the hand-over to the acknowledgement here; a cut comes before."""
REPOSITORY = "/deb/repository"
SHORT = ("--probation", "30")
KILL = """
import os, sys, time
until = time.monotonic() + 60
while time.monotonic() < until:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline").read().split("\\0")
        except OSError:
            continue
        if words[0].endswith("dpkg") and sys.argv[1] in words:
            os.kill(int(pid), 9)
            sys.exit(0)
sys.exit("there was no dpkg to kill")
"""


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The real server, which acknowledges what has streamed for five seconds."""
    folder = tmp_path_factory.mktemp("server")
    settings = {"Fleet": {"ProbationSeconds": "5"}}
    with ServerProcess(folder, people(photos), settings, port=free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def shelf(
    package: Path, signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str | Path]:
    """A folder with the package and others, by what they do, and a repository with a new one."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copy(package, folder / package.name)
    made: dict[str, str | Path] = {"folder": folder, "old": package.name}
    for number, change in enumerate(
        (unchanged, crashes, is_silent, has_no_updater, cannot_be_configured)
    ):
        made[change.__name__] = variant(package, f"99.0.{number}", folder, change)
    # One that no test before has rolled back, which the device would remember.
    made["pulled"] = variant(package, "99.1.0", folder, unchanged)
    with signer.keyring():
        packages = [folder / package.name, folder / str(made["pulled"])]
        publish(packages, folder / "repository", signer.key, f"file:{REPOSITORY}")
    return made


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """A key of its own."""
    with Signer.made(tmp_path_factory) as signer:
        yield signer


@pytest.fixture(scope="module", params=[BOOKWORM, TRIXIE], ids=lambda system: system.name)
def device(
    request: pytest.FixtureRequest,
    shelf: dict[str, str | Path],
    server: ServerProcess,
    photos: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[UpdatingDevice]:
    """Each system in turn, with the package installed, set up and streaming."""
    system: System = request.param
    folder = tmp_path_factory.mktemp(system.name)
    with updating_device(folder, system, Path(shelf["folder"])) as device:
        device.power_on()
        device.device.apt("update")
        # Half a minute less: what is installed here need not survive a loss of power.
        quickly = "--option=Dpkg::Options::=--force-unsafe-io"
        device.device.apt("install", quickly, f"/deb/{shelf['old']}")
        device.device.set_up(server, photos / PHOTO)
        device.device.run("systemctl", "restart", f"{PACKAGE}.service")
        device.until_it_streams()
        yield device


@pytest.fixture
def once(device: UpdatingDevice) -> None:
    """For what no release of Debian changes."""
    if device.name != BOOKWORM.name:
        pytest.skip("as on the other system")


@pytest.fixture(autouse=True)
def takes_how_long(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print it: these tests are to stay short."""
    began = time.monotonic()
    yield
    print(f"{request.node.name}: {time.monotonic() - began:.0f} s")


def version_of(name: str | Path) -> str:
    return str(name).split("_")[1]


def came_back(device: UpdatingDevice, shelf: dict[str, str | Path], reason: str) -> None:
    status, state = device.wait()
    assert status == 3, state
    assert state["state"] == "rolled-back"
    assert reason in state["reason"], state["reason"]
    assert device.device.version() == version_of(shelf["old"])
    device.is_whole()
    device.until_it_streams()


def old_again(device: UpdatingDevice, shelf: dict[str, str | Path]) -> None:
    """Go back to the old version by hand, where the new one was kept."""
    if device.device.version() != version_of(shelf["old"]):
        device.device.run(UPDATE, "rollback")
        came_back(device, shelf, "asked for by a person")


def test_a_good_update_is_acknowledged_and_kept(device, shelf, server):
    told = device.install(shelf["unchanged"], "--attempt", "the-first")
    assert "handed to the guard as attempt the-first" in told
    # Where nothing was kept and no repository has it, the installed package was made again.
    assert version_of(shelf["old"]) in device.device.run("ls", f"{FOLDER}/current")
    status, state = device.wait()
    assert status == 0, state
    assert device.device.version() == version_of(shelf["unchanged"])
    assert state == state | {"state": "good", "attempt": "the-first"}
    device.is_whole()
    assert device.streams()


def test_rollback_goes_back_to_the_kept_version(device, shelf):
    old_again(device, shelf)
    assert device.device.run(UPDATE, "rollback", check=False).startswith(f"{UPDATE}: this device")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("crashes", "its service"),
        ("is_silent", "not acknowledged by the server within 30 s: it gets no results"),
        ("has_no_updater", "could not be updated in turn"),
        ("cannot_be_configured", "apt-get ended with status 100"),
    ],
)
def test_a_broken_version_is_put_back(device, shelf, kind, reason):
    if kind != "crashes" and device.name != BOOKWORM.name:
        pytest.skip("as on the other system")
    device.install(shelf[kind], *SHORT)
    came_back(device, shelf, reason)


@pytest.mark.parametrize("doing", ["--unpack", "--configure"])
def test_dpkg_is_killed(device, shelf, doing):
    if doing == "--configure" and device.name != BOOKWORM.name:
        pytest.skip("as on the other system")
    device.install(shelf["unchanged"])
    device.device.run("python3", "-c", KILL, doing)
    came_back(device, shelf, "apt-get ended with status 100")


@pytest.mark.usefixtures("once")
def test_the_guard_is_killed_and_goes_on(device, shelf):
    device.install(shelf["unchanged"])
    device.device.debian.until(lambda: device.state()["state"] == "probation", 60)
    device.device.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", GUARD)
    assert device.wait()[0] == 0
    device.is_whole()
    old_again(device, shelf)


@pytest.mark.usefixtures("once")
def test_an_edge_in_use_is_left_alone(device, shelf):
    device.device.run("touch", f"/run/{PACKAGE}/in-use")
    device.install(shelf["unchanged"], "--patience", "2")
    status, state = device.wait()
    assert (status, state["state"]) == (4, "skipped")
    assert "--even-if-in-use" in state["reason"]
    assert device.device.version() == version_of(shelf["old"])
    device.is_whole()
    device.device.run("rm", f"/run/{PACKAGE}/in-use")


@pytest.mark.usefixtures("once")
def test_an_edge_that_did_not_stream_is_skipped(device, shelf):
    device.device.run("systemctl", "stop", f"{PACKAGE}.service")
    words = ("sh", "-c", f"{UPDATE} install /deb/{shelf['unchanged']}; echo $?")
    told = device.device.run(*words)
    assert told.endswith("\n4"), told
    assert device.state()["state"] == "skipped"
    assert "unhealthy before" in device.state()["reason"]
    device.is_whole()
    device.device.run("systemctl", "start", f"{PACKAGE}.service")
    device.until_it_streams()


def test_pull_mode_takes_what_the_signed_repository_has_and_nothing_twice(device, shelf, signer):
    if device.name == BOOKWORM.name:
        pytest.skip("as on the other system")
    sources = f"file:{REPOSITORY}"
    inside = device.device
    inside.write("/etc/apt/keyrings/iot-facerecognition.asc", signer.public_key)
    inside.write(
        "/etc/apt/sources.list.d/iot-facerecognition.sources",
        f"Types: deb\nURIs: {sources}\nSuites: stable\nComponents: main\n"
        "Signed-By: /etc/apt/keyrings/iot-facerecognition.asc\n".encode(),
    )
    inside.write("/etc/iot-facerecognition-edge/update.conf", b"probation = 30\n")
    assert inside.run("systemctl", "is-enabled", f"{UPDATE}.timer", check=False) == "disabled"
    inside.run("systemctl", "start", f"{UPDATE}.service")
    status, state = device.wait()
    assert status == 0, state
    assert device.device.version() == version_of(shelf["pulled"])
    old_again(device, shelf)
    # It was rolled back here, if by a person: not again by itself.
    assert "nothing to do" in inside.run(UPDATE, "pull")
    inside.write("/etc/iot-facerecognition-edge/update.conf", b"version = 0.0.1\n")
    assert "never goes back" in inside.run(UPDATE, "pull", check=False)
    device.is_whole()


@pytest.mark.usefixtures("once")
def test_the_power_is_cut_while_dpkg_unpacks(device, shelf):
    device.install(shelf["unchanged"])
    seen = f"cat {FOLDER}/journal.json"
    device.device.debian.until(lambda: "switching" in device.device.run("sh", "-c", seen), 30)
    device.device.run(
        "sh",
        "-c",
        "until ls /usr/bin/*.dpkg-new /var/lib/dpkg/tmp.ci/* ; do :; done >/dev/null 2>&1",
    )
    device.cut_power()
    device.power_on()
    came_back(device, shelf, "the power was lost in the middle of the switch")


def test_the_power_is_cut_at_a_random_moment(device, shelf, request):
    moments = random.Random(f"{SEED} {request.node.name}")
    for _ in range(CUTS[device.name]):
        moment = moments.uniform(0.0, LONGEST)
        device.install(shelf["unchanged"])
        device.device.run("sleep", f"{moment:.2f}")
        device.cut_power()
        device.power_on()
        status, state = device.wait()
        print(f"cut after {moment:.1f} s: {state['state']} ({state['reason']})")
        expected = {"good": 0, "rolled-back": 3, "skipped": 4}
        assert expected[state["state"]] == status
        kept = shelf["unchanged"] if state["state"] == "good" else shelf["old"]
        assert device.device.version() == version_of(kept)
        device.is_whole()
        device.until_it_streams()
        old_again(device, shelf)
