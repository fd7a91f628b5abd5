"""The card of an appliance: the ARMv6 root with the Debian package in it, and what boots it."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.edge_device import DeviceError
from lab.virtual_pi.boot_files import make_boot_files
from lab.virtual_pi.card import Card
from lab.virtual_pi.root import armv6_environment, let_arm_programs_run, pi_root

SETTINGS_FILE = "iot-facerecognition.toml"
PICTURES = "/srv/pictures"
"""Where the appliance finds what its camera sees."""
_COMMAND_LINE = "root=/dev/mmcblk0p2 rootfstype=ext4 rootwait"
_INSTALL = """
set -eu
mount -t proc proc "$1/proc"
exec chroot "$1" dpkg --install "/tmp/$2"
"""


def make_card(path: Path, package: Path, pictures: Mapping[str, bytes], settings: bytes) -> Card:
    """Write the card at `path`: `package` installed, `settings` on its boot partition.

    `pictures` are the files under `PICTURES`. Raises DeviceError.
    """
    base = pi_root()
    let_arm_programs_run()
    root, boot = path.with_suffix(".root"), path.with_suffix(".boot")
    try:
        _copy(base, root)
        _install(package, root)
        folder = root / PICTURES.lstrip("/")
        folder.mkdir(parents=True)
        for name, content in pictures.items():
            (folder / name).write_bytes(content)
        make_boot_files(base, boot)
        (boot / "cmdline.txt").write_text(f"{_COMMAND_LINE}\n")
        (boot / SETTINGS_FILE).write_bytes(settings)
        return Card.write(path, root, boot)
    finally:
        for folder in (root, boot):
            shutil.rmtree(folder, ignore_errors=True)


def _copy(base: Path, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", base, root], check=True)


def _install(package: Path, root: Path) -> None:
    """Install the package as its user would, by the emulated processor."""
    shutil.copy(package, root / "tmp" / package.name)
    # What is mounted goes with its namespace.
    command: list[str | Path] = ["unshare", "--mount", "sh", "-c", _INSTALL]
    command += ["sh", root, package.name]
    done = subprocess.run(
        command,
        env=armv6_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise DeviceError(f"{package.name} could not be installed:\n{done.stdout.decode()}")
    (root / "tmp" / package.name).unlink()
