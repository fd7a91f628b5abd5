"""The server's own key and certificate on disk, replaced as a pair."""

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.whole_file import (
    PARTIAL,
    belong_to_folder,
    locked,
    make_folder,
    write_file,
)
from iot_facerecognition_server.trust.certificates import Identity

_KEY: Final = "server.pem"
_CERTIFICATE: Final = "server.crt"
_CURRENT: Final = "identity"
_NO_LINKS: Final = {errno.EBUSY, errno.EPERM, errno.EOPNOTSUPP, errno.EEXIST}
"""How a file system says that there are no links, or none in the place of this file."""


class OwnFiles:
    """`server.pem`, the key with its certificate, and `server.crt`, the certificate for clients.

    Both are symbolic links into a folder with one pair, by way of a third link. Renaming that one
    replaces both files in one step, whoever is killed when:

        server.pem -> identity/server.pem
        server.crt -> identity/server.crt
        identity   -> identity-0123456789abcdef

    Plain files, as earlier versions made them, hold as well and become links with the next pair.
    Where there can be no links, or somebody laid links of his own, the files are replaced one after
    the other; then `mend` puts right what a crash left in between.
    """

    def __init__(self, state: Path) -> None:
        """Use the folder `state`."""
        self._state = state
        self.key = state / _KEY
        self.certificate = state / _CERTIFICATE

    @property
    def made(self) -> bool:
        """Whether there is or was a pair; links whose target is gone tell so too."""
        return any(os.path.lexists(path) for path in (self.key, self.certificate))

    def replace(self, new: Identity, old: Identity | None) -> None:
        """Put `new` in the place of `old`, None where there is none. Raises OSError."""
        make_folder(self._state)
        with locked(self._state / _CURRENT):
            if self._foreign():
                self._write(new)
                return
            try:
                if old is not None and not self._linked():
                    self._switch(old)
                    self._link()
                self._switch(new)
                self._link()
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self._write(new)
            self._remove_others()

    def mend(self, identity: Identity) -> None:
        """Let the certificate be that of `identity`, which stands with the key. Raises OSError."""
        if not self.matches(identity):
            write_file(self.certificate, identity.chain)

    def matches(self, identity: Identity) -> bool:
        """Whether the certificate for clients is the one of `identity`."""
        try:
            return self.certificate.read_bytes() == identity.chain
        except OSError:
            return False

    def sweep(self) -> None:
        """Remove pairs and links that a crash left, with their keys. Raises OSError."""
        with locked(self._state / _CURRENT):
            self._remove_others()

    def _foreign(self) -> bool:
        """Whether one of the files is a link that is not ours."""
        return any(
            path.is_symlink() and path.readlink() != Path(_CURRENT, path.name)
            for path in (self.key, self.certificate)
        )

    def _linked(self) -> bool:
        return self.key.is_symlink() and self.certificate.is_symlink()

    def _switch(self, identity: Identity) -> None:
        """Let the links lead to a new folder with `identity`."""
        folder = self._state / f"{_CURRENT}-{os.urandom(8).hex()}"
        make_folder(folder, stat.S_IMODE(self._state.stat().st_mode))
        contents = {self.key: identity.key + identity.chain, self.certificate: identity.chain}
        for path, content in contents.items():
            write_file(folder / path.name, content)
            with suppress(FileNotFoundError):
                self._give_rights_of(path, folder / path.name)
        self._put_link(Path(folder.name), self._state / _CURRENT)

    def _link(self) -> None:
        """Make the two links, the key's first: a certificate alone means that its key is lost."""
        for path in (self.key, self.certificate):
            if not path.is_symlink():
                self._put_link(Path(_CURRENT, path.name), path)

    def _put_link(self, target: Path, path: Path) -> None:
        new = path.with_name(f".{path.name}.{os.urandom(8).hex()}{PARTIAL}")
        new.symlink_to(target)
        try:
            belong_to_folder(new)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        descriptor = os.open(self._state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, identity: Identity) -> None:
        write_file(self.key, identity.key + identity.chain)
        write_file(self.certificate, identity.chain)

    @staticmethod
    def _give_rights_of(old: Path, new: Path) -> None:
        """Give the file `new` the permissions of `old` and, as root, its owner and group.

        Raises OSError for a link: the folder may be another user's, who can put one there.
        """
        status = old.stat()
        descriptor = os.open(new, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if os.geteuid() == 0:
                os.fchown(descriptor, status.st_uid, status.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        finally:
            os.close(descriptor)

    def _remove_others(self) -> None:
        """Remove all pairs but the one that the links lead to, and links without their place."""
        current = self._state / _CURRENT
        for name in (_CURRENT, _KEY, _CERTIFICATE):
            for link in self._state.glob(f".{name}.*{PARTIAL}"):
                if link.is_symlink():
                    link.unlink(missing_ok=True)
        kept = current.readlink().name if current.is_symlink() else ""
        for folder in self._state.glob(f"{_CURRENT}-*"):
            if folder.name != kept and not folder.is_symlink():
                shutil.rmtree(folder)
