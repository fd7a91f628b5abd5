"""An SD-card image: its size, its hash, and files of its root, read without mounting anything."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from image.artefacts.errors import ArtefactError
from image.artefacts.tools import run

SECTOR = 512
_CHUNK = 1 << 20
_TABLE, _ENTRIES, _ENTRY_LENGTH = 446, 4, 16
_SIGNATURE = b"\x55\xaa"
_LINUX = 0x83


class DiskImage:
    """The image in `path`: a master boot record, a FAT partition and an ext4 root."""

    def __init__(self, path: Path) -> None:
        """Look at the partition table. Raises ArtefactError where there is no root."""
        self.path = path
        if not path.is_file():
            raise ArtefactError(f"{path} is missing: image/build.sh makes it")
        self.size = path.stat().st_size
        self._root = self._root_offset()

    def chunks(self) -> Iterator[bytes]:
        """Read the image from front to back."""
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def sha256(self) -> str:
        """Return the SHA-256 of the whole image in hexadecimal digits."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read(self, path: str) -> bytes:
        """Return a file of the root. Raises ArtefactError where it is not there."""
        found = self.read_all([path])
        if path not in found:
            raise ArtefactError(f"{self.path} has no {path} in its root")
        return found[path]

    def read_all(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return those of the root's files that exist, by their path."""
        found: dict[str, bytes] = {}
        with tempfile.TemporaryDirectory() as folder:
            places = {path: Path(folder) / str(number) for number, path in enumerate(paths)}
            commands = Path(folder) / "commands"
            commands.write_text("".join(f'dump "{p}" "{to}"\n' for p, to in places.items()))
            run("debugfs", "-f", commands, f"{self.path}?offset={self._root}")
            for path, place in places.items():
                if place.exists():
                    found[path] = place.read_bytes()
        return found

    def _root_offset(self) -> int:
        """Return where the last Linux partition begins, in bytes."""
        with self.path.open("rb") as file:
            first = file.read(SECTOR)
        if first[-2:] != _SIGNATURE:
            raise ArtefactError(f"{self.path} is no disk image: it has no partition table")
        offset = None
        for number in range(_ENTRIES):
            entry = first[_TABLE + number * _ENTRY_LENGTH :][:_ENTRY_LENGTH]
            if entry[4] == _LINUX:
                offset = int.from_bytes(entry[8:12], "little") * SECTOR
        if offset is None:
            raise ArtefactError(f"{self.path} has no Linux partition")
        return offset
