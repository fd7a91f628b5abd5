"""Files that are read up to a bound, and never waited for."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Return the regular file `path`, open for reading.

    A pipe, a device or a folder is an error: nothing is waited for. Raises OSError.
    """
    # Without O_NONBLOCK, opening a FIFO waits until somebody writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _check(path, os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """Return the contents of the regular file `path`, `most` bytes or fewer.

    Raises OSError, EFBIG for a file that has more, and what `open_regular` raises.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(most + 1) if size <= most else b""  # it may grow while it is read
    if max(size, len(data)) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return data


def _check(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
