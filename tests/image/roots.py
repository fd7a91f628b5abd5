"""Debian roots to install the package in: made once, and booted with their changes forgotten."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.edge_device import LABS, DeviceError, install
from tests.labs.booted_debian import TOOLS, BootedDebian

_SYSTEM = "systemd,systemd-sysv,udev,dbus,ca-certificates"
_DEPENDENCIES = (
    "python3,python3-evdev,python3-numpy,python3-pygame,python3-sdnotify,fonts-dejavu-core,"
    "libturbojpeg0"
)
"""What apt would fetch and set up in emulation at every run: minutes."""
_BINFMT = Path("/proc/sys/fs/binfmt_misc")


@dataclass(frozen=True, slots=True)
class System:
    """A release of Debian for one architecture. `emulated`: QEMU runs it as an ARM1176."""

    name: str
    suite: str
    architecture: str
    packages: str
    emulated: bool = False

    def root(self) -> Path:
        """Return its root, made at the first call. Raises DeviceError."""
        install(TOOLS)
        if self.emulated:
            _emulate_arm()
        root, made_of = LABS / self.name, LABS / f"{self.name}.packages"
        if made_of.exists() and made_of.read_text() == self.packages and root.is_dir():
            return root
        minutes = "7 minutes" if self.emulated else "a minute"
        print(f"image: making the root {self.name} ({minutes}) …", flush=True)
        LABS.mkdir(parents=True, exist_ok=True)
        new = LABS / f"{self.name}.new"
        for old in (new, root):
            shutil.rmtree(old, ignore_errors=True)
        command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=minbase"]
        command += [f"--architectures={self.architecture}", f"--include={self.packages}"]
        if subprocess.run([*command, self.suite, new], check=False).returncode:
            raise DeviceError(f"mmdebstrap could not make {self.name}: is its mirror reachable?")
        if self.emulated:
            _prepare_emulated(new)
        new.rename(root)
        made_of.write_text(self.packages)
        return root

    def boot(self, binds: dict[Path, str]) -> BootedDebian:
        """Return the booted system, with apt's downloads kept for the next time."""
        archives = LABS / "apt-archives" / self.name
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        return BootedDebian(self.root(), binds, [f"--bind={archives}:/var/cache/apt/archives"])


BOOKWORM = System("image-bookworm", "bookworm", "amd64", _SYSTEM)
TRIXIE = System("image-trixie", "trixie", "amd64", _SYSTEM)
ARMV6 = System("image-armel", "bookworm", "armel", f"{_SYSTEM},{_DEPENDENCIES}", emulated=True)


def _emulate_arm() -> None:
    """Let the kernel run ARM programs by QEMU. Raises DeviceError."""
    install({"qemu-arm-static": "qemu-user-static", "update-binfmts": "binfmt-support"})
    steps: list[tuple[Callable[[], bool], list[str]]] = [
        (
            (_BINFMT / "register").exists,
            ["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)],
        ),
        ((_BINFMT / "qemu-arm").exists, ["update-binfmts", "--enable", "qemu-arm"]),
    ]
    for is_done, command in steps:
        if not is_done():
            subprocess.run(command, check=False)
        if not is_done():
            raise DeviceError(f"this kernel does not run ARM programs: {' '.join(command)} failed")


def _prepare_emulated(root: Path) -> None:
    """Let systemd start under QEMU's user mode, and its services see the device's processor."""
    manager = root / "etc/systemd/system.conf.d/arm1176.conf"
    manager.parent.mkdir(parents=True)
    manager.write_text("[Manager]\nDefaultEnvironment=QEMU_CPU=arm1176\n")
    # Credentials take kernel calls that the emulator has not.
    for unit in ("sysusers", "tmpfiles-setup", "tmpfiles-setup-dev"):
        drop_in = root / f"etc/systemd/system/systemd-{unit}.service.d/emulated.conf"
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text("[Service]\nLoadCredential=\nSetCredential=\n")
