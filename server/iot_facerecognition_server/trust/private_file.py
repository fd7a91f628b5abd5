"""Files for the server's eyes only, replaced as a whole."""

import os
from pathlib import Path
from typing import Final

from iot_facerecognition_server.whole_file import in_place_of

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
_PRIVATE_FOLDER: Final = 0o700


def write_file(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Put `data` at `path`, whose folder is made if need be, with the permissions `mode`.

    The permissions hold from the first moment, and whoever reads sees the old contents or the new.
    Raises OSError.
    """
    make_folder(path.parent)
    with in_place_of(path) as partial, partial.open("wb") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask is
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make the folder `path` with access for its owner only, unless it is there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
