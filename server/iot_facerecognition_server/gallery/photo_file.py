"""The files of reference photos, read up to a bearable size. Imports nothing heavy."""

import errno
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.regular_file import read_regular

LARGEST_FILE: Final = 100_000_000
"""Bytes of a photo beyond which it is not read."""


class PhotoError(Exception):
    """A photo cannot be used; the message says why, without its name."""


def read_photo(path: Path) -> bytes:
    """Return the bytes of a photo. Raises FileNotFoundError and PhotoError."""
    try:
        return read_regular(path, LARGEST_FILE)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise PhotoError(f"it has more than {LARGEST_FILE // 1_000_000} MB") from error
        raise PhotoError(f"it cannot be read: {error.strerror}") from error
