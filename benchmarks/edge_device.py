"""The device in QEMU's user mode: an ARM1176, with a Debian armel root of the device's libraries.

`EmulatedDevice.ready()` installs what is missing (mmdebstrap, QEMU), makes the root and fetches the
device's websockets; both are cached, 20 seconds the first time. The packages are only unpacked, so
nothing of them has to run in emulation for that, and no binfmt_misc is needed. As on the device,
modules are read from bytecode: the first run of a program writes it.

The root is soft-float, which Raspberry Pi OS is not.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).parent.parent
LABS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iot-facerecognition/labs"
TOOLS = {"mmdebstrap": "mmdebstrap", "qemu-arm": "qemu-user"}
"""What has to be there, and the Debian package that brings it."""
PACKAGES = "python3,python3-pygame,python3-sdnotify,python3-evdev,libturbojpeg0,fonts-dejavu-core"
WEBSOCKETS = "websockets==15.0.1"
"""The device's version; its pure Python wheel, without the C masking of Debian 13's package."""
OPENSSL_CONF = REPOSITORY / "edge" / "openssl.cnf"
"""What the service's unit names, so that a processor without AES need not do AES."""
GUEST_BASE = 1 << 36
"""Where in QEMU's own memory the emulated program's begins; any place with 4 GB free above."""
_GUEST_END = GUEST_BASE + (1 << 32)


class DeviceError(Exception):
    """The laboratory is not complete; the message says what to install."""


@dataclass(frozen=True, slots=True)
class EmulatedDevice:
    """Knows how to run Python programs of this repository on the emulated processor."""

    root: Path
    packages: Path

    @classmethod
    def ready(cls) -> Self:
        """Return the device, made at the first call. Raises DeviceError."""
        install(TOOLS)
        return cls(_root(), websockets_package())

    def command(self, *arguments: str | Path, plugin: str = "") -> list[str | Path]:
        """Return the command that runs Python with `arguments`, counted by a QEMU plugin."""
        # Neither option is the device's business: which instructions there are, and where.
        emulator: list[str | Path] = ["qemu-arm", "-cpu", "arm1176", "-L", self.root]
        emulator += ["-plugin", plugin] if plugin else ["-B", hex(GUEST_BASE)]
        return [*emulator, self.root / "usr/bin/python3", *arguments]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment for `command`, with the service's settings of OpenSSL."""
        path = [REPOSITORY / "protocol", REPOSITORY / "edge", self.packages]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return kept | {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            # Not next to the sources, which another Python uses as well.
            "PYTHONPYCACHEPREFIX": str(LABS / "armel-bytecode"),
            "PYTHONUNBUFFERED": "1",
            "PYGAME_HIDE_SUPPORT_PROMPT": "1",
            "SDL_VIDEODRIVER": "dummy",
            "OPENSSL_CONF": str(OPENSSL_CONF),
            **(more or {}),
        }


def resident_memory(pid: int) -> int:
    """Return the bytes of memory that the emulated program `pid` has, without QEMU's own.

    The kernel says how much of each mapping is resident; those between `GUEST_BASE` and 4 GB
    further are the program's.
    """
    resident, inside = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            start = int(name.partition("-")[0], 16)
            inside = GUEST_BASE <= start < _GUEST_END
        elif inside and name == "Rss:":
            resident += int(rest.split()[0]) * 1024
    return resident


def install(tools: Mapping[str, str]) -> None:
    """Install the packages of the tools that are missing. Raises DeviceError."""
    missing = sorted({package for tool, package in tools.items() if shutil.which(tool) is None})
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise DeviceError(f"run this first, as root: {' '.join(command)}")
    _say(f"installing {', '.join(missing)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update", "--quiet"], command):
        done = subprocess.run(
            step, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            raise DeviceError(f"{' '.join(step)} failed:\n{done.stdout.decode()[-2000:]}")


def _root() -> Path:
    root, made_of = LABS / "armel", LABS / "armel.packages"
    if made_of.exists() and made_of.read_text() == PACKAGES and root.is_dir():
        return root
    _say("unpacking the device's packages (Debian bookworm, armel)")
    LABS.mkdir(parents=True, exist_ok=True)
    new = LABS / "armel.new"
    for old in (new, root):
        shutil.rmtree(old, ignore_errors=True)
    command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=extract"]
    command += ["--architectures=armel", f"--include={PACKAGES}", "bookworm", new]
    if subprocess.run(command, check=False).returncode:
        raise DeviceError("mmdebstrap could not make the root: is there a Debian mirror for armel?")
    new.rename(root)
    made_of.write_text(PACKAGES)
    return root


def websockets_package() -> Path:
    """Return a folder with the device's websockets, fetched at the first call."""
    folder = LABS / "armel-packages"
    if not (folder / "websockets").is_dir():
        _say(f"fetching {WEBSOCKETS}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--platform=any"]
        command += ["--implementation=py", "--abi=none", "--target", str(folder), WEBSOCKETS]
        if subprocess.run(command, check=False).returncode:
            raise DeviceError(f"pip could not fetch {WEBSOCKETS}")
    return folder


def _say(text: str) -> None:
    print(f"device: {text} …", file=sys.stderr, flush=True)
