"""The package on four systems: it installs, streams, upgrades, is removed and purged.

Debian bookworm and trixie on this machine's processor fetch all dependencies by apt; bookworm on an
emulated ARM1176 has them ready. systemd, the sandbox, TLS and the server are real; the camera is a
photo. The tests of one system follow each other.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cast import people
from lab.server_process import ServerProcess
from scripts.apt_repository import publish
from tests.image.device import (
    APT,
    DEFAULTS,
    PACKAGE,
    STATE,
    UNIT,
    USER,
    Device,
    booted,
    free_port,
    newer,
)
from tests.image.repository import Signer, tampered
from tests.image.roots import ARMV6, BOOKWORM, TRIXIE, System

PHOTO, NAME = "obama2.jpg", "Barack Obama"
NEXT = "99.0.0"
EXPOSED = 2.0
"""Most that `systemd-analyze security` may find: 0 is a locked box, 10 a service as root."""


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The real server, which knows the one in the photo."""
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, people(photos), port=free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """A key of its own."""
    with Signer.made(tmp_path_factory) as signer:
        yield signer


@pytest.fixture(scope="module")
def shelf(package: Path, signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package and repositories that hold the next one too."""
    folder = tmp_path_factory.mktemp("shelf")
    shutil.copy(package, folder / package.name)
    later = newer(package, NEXT, tmp_path_factory.mktemp("later"))
    with signer.keyring():
        publish([package, later], folder / "good", signer.key, "file:/deb/good")
    for kind in ("index", "release", "package"):
        tampered(folder / "good", folder / kind, kind)
    with signer.keyring():
        publish([package, later], folder / "stranger", signer.other_key, "file:/deb/stranger")
    return folder


@pytest.fixture
def quick(device: Device) -> None:
    """For what no processor changes and an emulated one takes minutes for."""
    if device.emulated:
        pytest.skip("as on the other systems")


@pytest.fixture(scope="module", params=[BOOKWORM, TRIXIE, ARMV6], ids=lambda system: system.name)
def device(request: pytest.FixtureRequest, shelf: Path, signer: Signer) -> Iterator[Device]:
    """Each system in turn; it has the key of the repository."""
    system: System = request.param
    with booted(system, {shelf: "/deb"}) as device:
        device.write("/etc/apt/keyrings/iot-facerecognition.asc", signer.public_key)
        yield device


def test_it_installs_with_apts_packages_only(device: Device, package: Path) -> None:
    device.apt("update")
    device.apt("install", f"/deb/{package.name}")
    assert device.version() == package.name.split("_")[1]
    assert device.run("dpkg", "--audit") == ""
    assert device.run("systemctl", "is-enabled", UNIT) == "enabled"
    owner = device.run("stat", "--format=%U:%G %a", STATE)
    assert owner == f"{USER}:{USER} 750"
    assert device.run("getent", "group", "gpio")


@pytest.mark.usefixtures("quick")
def test_recommended_packages_are_a_wish(device: Device) -> None:
    """Debian has no picamera2; the rest would be installed with apt's defaults."""
    fields = device.run("dpkg-query", "--show", "--showformat=${Recommends}", PACKAGE)
    for name in ("python3-pil", "fonts-noto-core", "fonts-noto-cjk", "fonts-noto-color-emoji"):
        assert name in fields
        assert "Candidate: (none)" not in device.run("apt-cache", "policy", name)
    assert "python3-picamera2" in fields


def test_modules_are_compiled_for_the_python_that_is_there(device: Device) -> None:
    version = device.run("python3", "-c", "import sys; print('%d%d' % sys.version_info[:2])")
    compiled = "/usr/lib/python3/dist-packages/iot_facerecognition_edge/__pycache__"
    assert f"cli.cpython-{version}.pyc" in device.run("ls", compiled)


def test_units_are_well_formed_and_confined(device: Device) -> None:
    units = device.run("sh", "-c", f"dpkg --listfiles {PACKAGE} | grep 'systemd/system/.*service'")
    for unit in units.split():
        assert device.run("systemd-analyze", "verify", "--man=no", unit) == ""
    told = device.run("systemd-analyze", "security", "--no-pager", UNIT)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found is not None, told
    print("exposure:", found[1])
    assert float(found[1]) <= EXPOSED


def test_udev_takes_its_rules(device: Device) -> None:
    rules = f"/usr/lib/udev/rules.d/60-{PACKAGE}.rules"
    if device.run("udevadm", "verify", "--help", check=False).startswith("udevadm verify"):
        device.run("udevadm", "verify", rules)
    told = device.run("udevadm", "test", "/devices/virtual/tty/tty", check=False)
    about = [line for line in told.splitlines() if PACKAGE in line]
    assert about, "the rules are read"
    assert not [line for line in about if re.search(r"(?i)invalid|unknown|fail|ignor", line)], about


def test_without_a_screen_the_journal_names_the_cure(device: Device) -> None:
    device.debian.until(lambda: "--headless" in device.journal(), device.patience)


def test_set_up_by_root_it_streams_and_gets_names(
    device: Device, server: ServerProcess, photos: Path
) -> None:
    device.set_up(server, photos / PHOTO)
    owner = device.run("stat", "--format=%U:%G %a", f"{STATE}/settings.json")
    assert owner == f"{USER}:{USER} 600", "what root sets the service can read, and nobody else"
    device.run("systemctl", "reset-failed", UNIT, check=False)
    device.run("systemctl", "restart", UNIT)
    assert device.shown("ActiveState") == "active"
    device.until_it_streams(NAME)
    device.debian.until(lambda: "connected to" in device.shown("StatusText"), device.patience)
    assert device.run("stat", "--format=%U", f"/proc/{device.shown('MainPID')}") == USER


def test_defaults_of_the_machine_are_used(device: Device) -> None:
    device.run("sh", "-c", f"echo 'log.file_size = 128' >>{DEFAULTS}")
    assert "log.file_size = 128" in device.run(PACKAGE, "settings", "show", "log.file_size")
    assert "log.file_size" not in device.settings()


@pytest.mark.usefixtures("quick")
def test_apt_rejects_a_repository_that_was_tampered_with(device: Device) -> None:
    for kind, complaint in {
        "index": r"(?i)hash sum mismatch|unexpected size",
        "release": r"(?i)BADSIG|bad signature|invalid|not signed",
        "stranger": r"(?i)NO_PUBKEY|missing key|not signed",
    }.items():
        told = device.debian.run(*update_of(kind), check=False)
        assert re.search(complaint, told), told
        assert "E:" in told
        policy = device.run(*of(kind, "apt-cache", "policy", PACKAGE))
        assert NEXT not in policy


@pytest.mark.usefixtures("quick")
def test_apt_rejects_a_package_that_is_not_the_signed_one(device: Device) -> None:
    device.run(*update_of("package"))
    told = device.run(*of("package", "apt-get", "download", f"{PACKAGE}={NEXT}"), check=False)
    assert re.search(r"(?i)hash sum mismatch|unexpected size", told), told


def test_it_upgrades_from_the_signed_repository(device: Device) -> None:
    before, kept, pid = device.settings(), device.run("cat", DEFAULTS), device.shown("MainPID")
    device.run(*update_of("good"))
    device.run(*of("good", *APT, "upgrade"))
    assert device.version() == NEXT
    assert device.settings() == before
    assert device.run("cat", DEFAULTS) == kept, "the administrator's file stays"
    assert device.shown("ActiveState") == "active"
    assert device.shown("MainPID") not in {pid, "0"}, "the new version runs"
    device.until_it_streams(NAME)


def test_removed_it_leaves_settings_only(device: Device) -> None:
    device.apt("remove", PACKAGE)
    assert device.run("systemctl", "is-active", UNIT, check=False) == "inactive"
    assert device.settings()["connection.name"] == "kitchen"
    program = [
        path
        for path in device.traces()
        if not path.startswith((STATE, "/etc/", "/var/", "/run/", "/tmp/", "/root/"))
    ]
    assert program == []


@pytest.mark.usefixtures("quick")
def test_installed_again_it_streams_with_what_was_set(device: Device, package: Path) -> None:
    device.apt("install", f"/deb/{package.name}")
    device.until_it_streams(NAME)


def test_purged_it_leaves_nothing(device: Device) -> None:
    device.apt("purge", PACKAGE)
    device.run("rm", "-rf", "/etc/apt/keyrings/iot-facerecognition.asc", "/tmp/apt")
    assert device.traces() == []
    assert USER not in device.run("cut", "-d:", "-f1", "/etc/passwd", "/etc/group").split()


def of(kind: str, *command: str) -> list[str]:
    """Return an apt command that knows the repository `kind` only, with lists of its own."""
    program = command.index(next(word for word in command if word.startswith("apt")))
    place = f"/tmp/apt/{kind}"
    options = [
        f"--option=Dir::Etc::sourcelist={place}.sources",
        "--option=Dir::Etc::sourceparts=/dev/null",
        f"--option=Dir::State::lists={place}",
        f"--option=Dir::Cache::archives={place}-archives",
    ]
    return [*command[: program + 1], *options, *command[program + 1 :]]


def update_of(kind: str) -> list[str]:
    """Return the command that makes apt read the repository `kind`, as its sources file says."""
    script = (
        f"mkdir -p /tmp/apt/{kind}/partial /tmp/apt/{kind}-archives/partial && "
        f"cp /deb/{kind}/iot-facerecognition.sources /tmp/apt/{kind}.sources && "
        f"sed -i 's,^URIs:.*,URIs: file:/deb/{kind},' /tmp/apt/{kind}.sources && "
        'exec "$@"'
    )
    return ["sh", "-c", script, "update", *of(kind, "apt-get", "update")]
