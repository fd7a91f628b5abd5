"""Puts a backup where a server finds it; nothing that is there already is lost."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import in_place_of, make_folder, write_file
from iot_facerecognition_server.backup.archive import (
    ArchiveError,
    Entry,
    read_archive,
    write_archive,
)
from iot_facerecognition_server.backup.saving import (
    API_TOKENS,
    FLEET,
    KEY,
    PHOTOS,
    REFERENCES,
    TOKENS,
    BackupError,
    Saved,
)
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.trust.certificates import CertificateError, Identity, read_identity
from iot_facerecognition_server.trust.own_files import OwnFiles

_STAGED: Final = ".restore-"
_PRIVATE: Final = frozenset({TOKENS, API_TOKENS, FLEET})
"""What besides the key nobody but the server's user may read."""
_FACES_MODE: Final = 0o644
"""The server's user need not be who enrols people."""


class RestoreError(Exception):
    """The backup was not restored, and nothing has changed; the message has the cure."""


class Restoring:
    """Restores one backup. The caller holds the state directory, so that no server runs."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._now = datetime.now(UTC)
        self._files = OwnFiles(config.server.state_directory)

    def restore(self, backup: BinaryIO, *, replace: bool) -> Path | None:
        """Restore `backup`; with `replace` what is there is kept as a backup, whose path returns.

        The whole of it is read and checked before anything is written. Raises ArchiveError,
        RestoreError and OSError.
        """
        state = self._config.server.state_directory
        make_folder(state)
        for left in state.glob(f"{_STAGED}*"):  # by a crash, and there may be a key in it
            rmtree(left)
        with TemporaryDirectory(prefix=_STAGED, dir=state) as folder:
            staged = Path(folder)
            names = list(self._stage(backup, staged))
            identity = self._identity(staged) if KEY in names else None
            present = self._present(names, staged)
            if present and not replace:
                raise RestoreError(
                    f"{self._place(present[0])} is there already: --replace puts the backup in its"
                    " place, and keeps what is there as a backup of its own"
                )
            kept = self._keep(present) if present else None
            for name in sorted(names, key=lambda name: name in {KEY, TOKENS, REFERENCES}):
                self._put(name, staged / name, identity)
        return kept

    def _stage(self, backup: BinaryIO, folder: Path) -> Iterator[str]:
        """Write the files of `backup` below `folder`, and yield their names."""
        for entry in read_archive(backup):
            if entry.name not in {KEY, *_PRIVATE} and not entry.name.startswith(PHOTOS):
                raise ArchiveError(f"{entry.name!r} is nothing that a backup holds")
            self._write_staged(entry, folder)
            yield entry.name

    @staticmethod
    def _write_staged(entry: Entry, folder: Path) -> None:
        path = folder / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_bytes(entry.content)

    @staticmethod
    def _identity(staged: Path) -> Identity:
        try:
            return read_identity(staged / KEY, staged / KEY, der=False)
        except CertificateError as error:
            raise ArchiveError(f"its key cannot be used ({error})") from error

    def _present(self, names: list[str], staged: Path) -> list[str]:
        """Return what would be replaced by something else: the key and the tokens in any case."""
        return [
            name
            for name in names
            if self._place(name).exists()
            and (name in {KEY, TOKENS, REFERENCES} or not _same(self._place(name), staged / name))
        ]

    def _place(self, name: str) -> Path:
        """Return where the file of a backup belongs."""
        references = self._config.dlib.reference_file
        places = {
            KEY: self._files.key,
            TOKENS: self._config.token_file,
            API_TOKENS: self._config.api_token_file,
            FLEET: self._config.fleet_file,
            REFERENCES: references,
        }
        return places.get(name) or references.parent / name.removeprefix(PHOTOS)

    def _keep(self, present: list[str]) -> Path:
        """Back up what is there, and all that is `present`, in the state directory."""
        name = f"before-restore-{self._now:%Y%m%dT%H%M%SZ}.tar"
        path = self._config.server.state_directory / name
        with in_place_of(path) as partial, partial.open("wb") as file:
            write_archive(file, self._kept(present), self._now)
        return path

    def _kept(self, present: list[str]) -> Iterator[Entry]:
        """Yield what a backup would hold, and then photos of the form that no entry uses."""
        left = set(present)
        with suppress(BackupError):
            for entry in Saved(self._config).entries():
                left.discard(entry.name)
                yield entry
        for name in sorted(left):
            yield Entry(name, self._place(name).read_bytes())

    def _put(self, name: str, staged: Path, identity: Identity | None) -> None:
        if name == KEY:
            assert identity is not None, "it was read before"
            self._files.replace(identity, None)
        elif name in _PRIVATE:
            write_file(self._place(name), staged.read_bytes())
        else:
            write_file(self._place(name), staged.read_bytes(), _FACES_MODE)


def _same(path: Path, staged: Path) -> bool:
    try:
        return read_regular(path, staged.stat().st_size) == staged.read_bytes()
    except OSError:
        return False
