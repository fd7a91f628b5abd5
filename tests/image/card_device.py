"""A device that keeps what it is told over restarts: a booted Debian over an overlay, with a card.

The card's boot partition is a folder of this machine: this kernel has no FAT. The container has a
network of its own, with nothing in it but loopback.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.edge_device import REPOSITORY, websockets_package
from tests.image.roots import System
from tests.labs.booted_debian import BootedDebian

UNIT = "iot-facerecognition-first-boot.service"
USER = "iot-facerecognition"
PERSON = "pi"
LEDS = "/etc/test-leds"
"""Where the unit may write; this machine has no light of its own."""
_PACKAGES = (
    "systemd,systemd-sysv,udev,dbus,python3,python3-sdnotify,network-manager,openssh-server,"
    "openssh-client,sudo,tzdata,iw,locales,hostname,iproute2"
)
SYSTEMS = tuple(
    System(f"image-first-boot-{suite}", suite, "amd64", _PACKAGES)
    for suite in ("bookworm", "trixie")
)
"""The releases that Raspberry Pi OS is made of."""
_PROGRAM = """#!/bin/sh
export PYTHONPATH=/repository/protocol:/repository/edge:/packages PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m iot_facerecognition_edge.{} "$@"
"""
_DROP_IN = f"""[Service]
ExecStart=
ExecStart=/usr/bin/iot-facerecognition-first-boot apply --leds {LEDS}
"""
CMDLINE = "console=tty1 root=PARTUUID=1234-02 rootwait"


class CardDevice:
    """A device and its card; `boot` starts it."""

    def __init__(self, folder: Path, system: System) -> None:
        """Make the device in `folder`, as the image makes it: nobody can log in."""
        self.card = folder / "card"
        self._upper, self._work, self._root = (folder / name for name in ("upper", "work", "root"))
        for made in (self.card, self._upper, self._work, self._root):
            made.mkdir()
        (self.card / "cmdline.txt").write_text(f"{CMDLINE}\n")
        options = f"lowerdir={system.root()},upperdir={self._upper},workdir={self._work}"
        command = ["mount", "-t", "overlay", "overlay", "-o", options, str(self._root)]
        subprocess.run(command, check=True)
        self._prepare()

    def close(self) -> None:
        """Take the device apart."""
        subprocess.run(["umount", str(self._root)], check=True)

    def _prepare(self) -> None:
        self._chroot("useradd", "--system", "--user-group", "--home-dir", "/nonexistent", USER)
        self._chroot("useradd", "--create-home", "--shell", "/bin/bash", PERSON)
        self._chroot("systemctl", "disable", "ssh.service")
        for name in ("edge", "first-boot"):
            module = "first_boot.cli" if name == "first-boot" else "cli"
            program = self._root / f"usr/bin/iot-facerecognition-{name}"
            program.write_text(_PROGRAM.format(module))
            program.chmod(0o755)
        tmpfiles = self._root / "usr/lib/tmpfiles.d/iot-facerecognition-edge.conf"
        shutil.copy(REPOSITORY / "image/debian/tmpfiles", tmpfiles)
        units = self._root / "etc/systemd/system"
        shutil.copy(REPOSITORY / "edge" / UNIT, units / UNIT)
        drop_in = units / f"{UNIT}.d/leds.conf"
        drop_in.parent.mkdir()
        drop_in.write_text(_DROP_IN)
        light = self._root / LEDS.lstrip("/") / "ACT"
        light.mkdir(parents=True)
        for name, content in (("trigger", "none [mmc0]"), ("max_brightness", "1")):
            (light / name).write_text(content)
        (light / "brightness").write_text("0")
        (self._root / "boot/firmware").mkdir(parents=True)
        self._chroot("systemctl", "enable", UNIT)

    def _chroot(self, *command: str) -> None:
        done = subprocess.run(
            ["chroot", str(self._root), *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    def words(self, *arguments: str, writable: bool = True) -> list[str]:
        """Return what else systemd-nspawn gets as options; `arguments` go to the kernel's line."""
        bind = "--bind" if writable else "--bind-ro"
        return [
            "--volatile=no",
            "--private-network",
            f"{bind}={self.card}:/boot/firmware",
            *arguments,
        ]

    @contextmanager
    def boot(self, *, writable: bool = True) -> Iterator[BootedDebian]:
        """Boot the device, and switch it off at the end."""
        binds = {REPOSITORY: "/repository", websockets_package(): "/packages"}
        with BootedDebian(self._root, binds, self.words(writable=writable)) as debian:
            yield debian

    def boot_until_it_ends(self, arguments: Sequence[str], patience: float) -> int:
        """Boot with `arguments` on the kernel's command line; return how systemd-nspawn ended.

        133 is a restart that the device asked for.
        """
        command: list[str | Path] = ["systemd-nspawn", "--quiet", "--boot"]
        command += ["--directory", self._root, "--machine", "card-device", "--keep-unit"]
        command += ["--register=no", "--console=read-only"]
        command += [f"--bind-ro={REPOSITORY}:/repository", *self.words(*arguments)]
        command.insert(-len(arguments), f"--bind-ro={websockets_package()}:/packages")
        try:
            done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, timeout=patience)
        finally:
            # What nspawn itself dares not remove where /run is on a disk.
            for left in Path("/run/systemd/nspawn").glob("*/card-device"):
                shutil.rmtree(left, ignore_errors=True)
        return done.returncode

    def write(self, text: str, name: str = "iot-facerecognition.toml") -> None:
        """Write a file of the card, as its owner does in a computer."""
        (self.card / name).write_bytes(text.encode())

    def read(self, name: str = "iot-facerecognition.toml") -> str:
        """Read a file of the card."""
        return (self.card / name).read_bytes().decode()
