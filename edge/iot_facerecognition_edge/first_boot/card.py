"""The card's boot partition: a few files on FAT, which has no owners, modes or journal.

A file is replaced by a new one next to it and a rename. FAT's rename is two writes, and a power cut
may come between them, so the new contents are kept on the system's own partition first, and put
back at the next start where the card lost them.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from iot_facerecognition_edge.first_boot.card_text import LARGEST
from iot_facerecognition_protocol.system.regular_file import open_regular
from iot_facerecognition_protocol.system.whole_file import write_file

NEW = (".new", ".ne2")
"""How the name of a file ends that takes another's place; the second where one was left behind."""
_MODE = 0o644


class Card:
    """The files in `folder`, the boot partition; `safe` is a folder of the system's own, of root's.

    What is read is remembered by its digest, so that a later start can tell whether anything is
    new.
    """

    def __init__(self, folder: Path, safe: Path) -> None:
        self.folder = folder
        self._safe = safe
        self.digests: dict[str, str] = {}

    def read(self, name: str, most: int = LARGEST + 1) -> bytes | None:
        """Return the first `most` bytes of a file, None where there is none. Raises OSError."""
        try:
            data = _beginning(self.folder / name, most)
        except FileNotFoundError:
            self.digests[name] = ""
            return None
        self.digests[name] = _digest(data)
        return data

    @property
    def interrupted(self) -> bool:
        """Whether a power cut may have hit a file that was being replaced."""
        return self._safe.is_dir() and any(self._safe.iterdir())

    def same(self, digests: dict[str, str]) -> bool:
        """Return whether the files are those that had `digests`. Raises OSError."""
        return all(
            (_digest(data) if data is not None else "") == digest
            for name, digest in digests.items()
            for data in [self.read(name)]
        )

    def replace(self, name: str, data: bytes) -> None:
        """Give the file `name` other contents, and wipe those before. Raises OSError."""
        write_file(self._safe / name, data)
        _replace(self.folder / name, data)
        (self._safe / name).unlink()
        if name in self.digests:
            self.digests[name] = _digest(data)

    def remove(self, name: str) -> None:
        """Remove a file and wipe its contents. Raises OSError."""
        path = self.folder / name
        with suppress(FileNotFoundError):
            before = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                path.unlink()
                _sync(path.parent)
                _wipe(before)
            finally:
                os.close(before)

    def recover(self, is_whole: Callable[[str, bytes], bool]) -> tuple[str, ...]:
        """Put back what a power cut took; return the names of those files. Raises OSError.

        `is_whole` tells whether the contents of a file can be used: one that was cut cannot, one
        that a person has written since can, and stays.
        """
        restored = []
        for copy in sorted(self._safe.iterdir()) if self._safe.is_dir() else ():
            if copy.name.startswith("."):  # not complete: the card was not touched yet
                copy.unlink()
                continue
            path = self.folder / copy.name
            data = _beginning(path, LARGEST + 1) if path.is_file() else None
            if data is None or not is_whole(copy.name, data):
                _replace(path, copy.read_bytes())
                restored.append(copy.name)
            copy.unlink()
        return tuple(restored)


def _replace(path: Path, data: bytes) -> None:
    new = _place_next_to(path)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    try:
        _write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    before = None
    with suppress(FileNotFoundError):
        before = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        new.replace(path)
        # On FAT the new entry gets its size and first cluster when the file itself is written.
        _sync(path)
        _sync(path.parent)
        if before is not None:
            _wipe(before)
    finally:
        if before is not None:
            os.close(before)


def _place_next_to(path: Path) -> Path:
    """Return where the new file is written.

    One that is there already and has the same contents as `path` may, after a cut, be a second name
    of the same clusters: to write it would damage both, so it is left to fsck.
    """
    first, second = (path.with_name(path.name + end) for end in NEW)
    if first.is_file() and path.is_file() and first.read_bytes() == path.read_bytes():
        return second
    return first


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _wipe(descriptor: int) -> None:
    """Overwrite what a file had that has no name any more: FAT would keep it in free clusters."""
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    _write(descriptor, bytes(size))
    os.fsync(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beginning(path: Path, most: int) -> bytes:
    with open_regular(path) as file:
        return file.read(most)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
