"""The lock on the state directory: which server has it."""

import errno
import fcntl
import logging
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.whole_file import PRIVATE, belong_to_folder, make_folder
from iot_facerecognition_server.own_container import SHORT, container_id

_log = logging.getLogger(__name__)

_LOCK: Final = "server.lock"
_LONGEST_HOLDER: Final = 300
"""Bytes of the lock file that are read."""
_REFUSED: Final = {errno.EROFS, errno.EACCES, errno.EPERM}
_PATIENCE: Final = 1.0
"""Seconds to wait for the lock: `holder` takes it for a moment, a server that ends gives it up."""
_PAUSE: Final = 0.05


class StateDirectoryError(Exception):
    """The state directory cannot be used; the message has the cure."""


@contextmanager
def exclusive(folder: Path) -> Iterator[bool]:
    """Keep other servers out of the state directory `folder`, which is made if need be.

    Yields whether it has a lock. A directory that can only be read may have none; the log says so,
    and what is there already may do. Raises StateDirectoryError where another server has the
    directory, or another user.
    """
    descriptor = _opened(folder)
    if descriptor is None:
        yield False
        return
    try:
        _lock(descriptor, folder)
        yield True
    finally:
        os.close(descriptor)


def holder(folder: Path) -> str | None:
    """Return which server has the state directory `folder`; None where none has.

    Raises StateDirectoryError where that cannot be found out.
    """
    path = folder / _LOCK
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateDirectoryError(
            f"{path} cannot be read ({error.strerror}), so whether a server runs is not known;"
            " run this command as the server's user, or as root"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder_of(descriptor)
    except OSError:  # a network file system without locks: `exclusive` has warned
        return None
    finally:
        os.close(descriptor)
    return None


def _opened(folder: Path) -> int | None:
    """Return the lock file, open; None where there is none and none can be made."""
    path = folder / _LOCK
    try:
        make_folder(folder)
        new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
        if new:
            belong_to_folder(path)
    except OSError as error:
        if error.errno not in _REFUSED:
            raise StateDirectoryError(
                f"[Server] StateDirectory: {folder} cannot be used: {error.strerror}; name a folder"
                " in which the server may write"
            ) from error
        return _opened_to_read(folder, error)
    return descriptor


def _opened_to_read(folder: Path, refused: OSError) -> int | None:
    """Do as `_opened` where the folder cannot be written because of `refused`.

    Raises StateDirectoryError where it cannot be read either.
    """
    for path in (folder, folder / _LOCK):
        readable = os.R_OK | (os.X_OK if path is folder else 0)
        if not os.access(path, readable) and (path is folder or os.path.lexists(path)):
            raise StateDirectoryError(_refusal(folder, path, refused))
    _log.warning(
        "[Server] StateDirectory: %s cannot be written (%s): nothing new is kept, and commands do"
        " not reach this server",
        folder,
        refused.strerror,
    )
    with suppress(OSError):
        return os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    return None


def _refusal(folder: Path, path: Path, refused: OSError) -> str:
    """Say whose `path`, or what it should be made in, is, and who may not use it."""
    while not _there(path):
        path = path.parent
    message = f"[Server] StateDirectory: {folder} cannot be used"
    if refused.errno == errno.EROFS:
        return f"{message}: {path} is on a read-only file system; name a folder on another one"
    status = path.stat()
    user, group = os.geteuid(), os.getegid()
    return (
        f"{message} by user {user}, group {group}: {path} belongs to user {status.st_uid}, group"
        f" {status.st_gid}, with mode {stat.S_IMODE(status.st_mode):04o}; run the server as user"
        f" {status.st_uid}, or hand the folder over, as root: chown -R {user}:{group} {path}"
    )


def _there(path: Path) -> bool:
    """Whether there is a `path`, and this user may see that."""
    try:
        path.stat()
    except OSError:
        return path == path.parent
    return True


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(_PAUSE)
                continue
            raise StateDirectoryError(
                f"[Server] StateDirectory: {folder} is in use by another server"
                f" ({_holder_of(descriptor)}); end that one, or give this one a state directory"
                " of its own"
            ) from None
        except OSError as error:  # a network file system without locks
            _log.warning("another server on %s would not be noticed: %s", folder, error.strerror)
            return
    with suppress(OSError):  # read-only
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{_this_process()}\n".encode(), 0)


def _holder_of(descriptor: int) -> str:
    """Return what the holder of the lock has written of itself."""
    words = os.pread(descriptor, _LONGEST_HOLDER, 0).decode("utf-8", "replace").strip()
    return words or "of an unknown process"


def _this_process() -> str:
    """Say who has the lock, so that it can be found from another container or machine."""
    container = container_id()
    where = f"{socket.gethostname()}{f', container {container[:SHORT]}' if container else ''}"
    return f"process {os.getpid()} on {where}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
