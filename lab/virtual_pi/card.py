"""An SD card in a file: a FAT partition to boot from, and a root; written without mounting either.

The boot partition is read and written by mtools, as a person's computer would in a card reader.
"""

import subprocess
from pathlib import Path
from typing import Self

from benchmarks.edge_device import DeviceError, install

TOOLS = {
    "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools",
    "mke2fs": "e2fsprogs",
    "mcopy": "mtools",
}
_MIB = 1 << 20
_SECTOR = 512
SIZE = 2048 * _MIB
"""QEMU takes powers of two only."""
_BOOT_START, _BOOT_SIZE = 4 * _MIB, 64 * _MIB
_ROOT_START = _BOOT_START + _BOOT_SIZE
_TABLE = f"""label: dos
start={_BOOT_START // _SECTOR}, size={_BOOT_SIZE // _SECTOR}, type=c
start={_ROOT_START // _SECTOR}, type=83
"""


class Card:
    """The card in the file at `path`. Not to be used while a machine runs from it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def write(cls, path: Path, root: Path, boot: Path) -> Self:
        """Make the card at `path`, with copies of the folders `root` and `boot`.

        Raises DeviceError.
        """
        install(TOOLS)
        path.unlink(missing_ok=True)
        with path.open("wb") as file:
            file.truncate(SIZE)
        _run(["sfdisk", "--quiet", path], given=_TABLE)
        fat: list[str | Path] = ["mkfs.vfat", "-F", "32", "-s", "1", "-n", "bootfs"]
        fat += ["--offset", str(_BOOT_START // _SECTOR), path, str(_BOOT_SIZE // 1024)]
        _run(fat)
        ext4: list[str | Path] = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "rootfs", "-m", "0"]
        ext4 += ["-d", root, "-E", f"offset={_ROOT_START}"]
        _run([*ext4, path, f"{(SIZE - _ROOT_START) // _MIB}m"])
        card = cls(path)
        for found in sorted(boot.iterdir()):
            card.put(found.name, found.read_bytes())
        return card

    def names(self) -> list[str]:
        """Return the names of the files on the boot partition."""
        listing = _run(["mdir", "-b", "-i", self._boot, "::"]).decode()
        return [line.rpartition("/")[2] for line in listing.splitlines()]

    def read(self, name: str) -> bytes:
        """Return a file of the boot partition. Raises DeviceError where there is none."""
        return _run(["mtype", "-i", self._boot, f"::{name}"])

    def put(self, name: str, content: bytes) -> None:
        """Write a file to the boot partition, in place of one with that name."""
        _run(["mcopy", "-o", "-i", self._boot, "-", f"::{name}"], given=content)

    def remove(self, name: str) -> None:
        """Remove a file from the boot partition. Raises DeviceError where there is none."""
        _run(["mdel", "-i", self._boot, f"::{name}"])

    @property
    def _boot(self) -> str:
        return f"{self.path}@@{_BOOT_START}"


def _run(command: list[str | Path], given: str | bytes = b"") -> bytes:
    done = subprocess.run(
        command,
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise DeviceError(f"{' '.join(map(str, command))} failed: {words}")
    return done.stdout
