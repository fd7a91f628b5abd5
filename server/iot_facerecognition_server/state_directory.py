"""The state directory: one server's, for as long as it runs, and free of what crashes left."""

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.whole_file import (
    PRIVATE,
    belong_to_folder,
    make_folder,
    sweep,
    sweep_folder,
)
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.trust.own_files import OwnFiles

_log = logging.getLogger(__name__)

_LOCK: Final = "server.lock"
_READ_ONLY: Final = {errno.EROFS, errno.EACCES, errno.EPERM}
_OBSOLETE: Final = ("*.torchscript", "frontal_face_detector-*.svm")
"""What earlier versions kept beside the models; nothing reads it any more."""
_LONGEST_HOLDER: Final = 200


class StateDirectoryError(Exception):
    """The state directory cannot be used; the message has the cure."""


@contextmanager
def held(config: Config) -> Iterator[None]:
    """Keep other servers out of the state directory for the length of the block, and sweep it.

    A directory that cannot be written is told in the log: what is there already may do. Raises
    StateDirectoryError where another server has it.
    """
    folder = config.server.state_directory
    descriptor = _opened(folder)
    if descriptor is None:
        yield
        return
    try:
        _lock(descriptor, folder)
        _sweep(config)
        yield
    finally:
        os.close(descriptor)


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
        if error.errno not in _READ_ONLY:
            raise StateDirectoryError(
                f"[Server] StateDirectory: {folder} cannot be used: {error.strerror}; name a folder"
                " in which the server may write"
            ) from error
        _log.warning(
            "[Server] StateDirectory: %s cannot be written (%s): nothing new is kept, and the"
            " commands `clients` and `say` do not reach this server",
            folder,
            error.strerror,
        )
        with suppress(OSError):
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        return None
    return descriptor


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, _LONGEST_HOLDER, 0).decode("ascii", "replace").strip()
        raise StateDirectoryError(
            f"[Server] StateDirectory: {folder} is in use by another server"
            f" ({holder or 'of an unknown process'}); end that one, or give this one a state"
            " directory of its own"
        ) from None
    except OSError as error:  # a network file system without locks
        _log.warning("another server on %s would not be noticed: %s", folder, error.strerror)
        return
    with suppress(OSError):  # read-only
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _sweep(config: Config) -> None:
    """Remove what crashed writers left, keys among it; tell what they did not finish."""
    state = config.server.state_directory
    try:
        unfinished = [
            *(path for folder in _own_folders(config) for path in sweep_folder(folder)),
            *sweep(config.dlib.reference_file),
            *sweep(config.token_file),
        ]
        OwnFiles(state).sweep()
        for pattern in _OBSOLETE:
            for path in config.model_cache.glob(pattern):
                path.unlink()
    except OSError as error:
        _log.warning("what a crash left stays there: %s", error)
        return
    for path in dict.fromkeys(unfinished):
        _log.error(
            "a change was cut short while it was written in place: compare the file with %s, which"
            " is complete, and remove that",
            path,
        )


def _own_folders(config: Config) -> set[Path]:
    return {config.server.state_directory, config.model_cache, config.descriptor_cache}
