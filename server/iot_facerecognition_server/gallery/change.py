"""Whether the reference file or one of its photos has changed."""

import hashlib
from pathlib import Path

from iot_facerecognition_server.gallery.reference_file import ReferenceFile, ReferenceFileError


def fingerprint(references: ReferenceFile) -> str:
    """Return a text that is another one once the file or a photo in it has been changed.

    Only times and sizes are looked at: cheap enough for every few seconds, but it is disk work, not
    for the event loop. Missing and unreadable files have a fingerprint too; raises nothing.
    """
    paths = [references.path]
    try:
        for reference in references.read().people:
            paths += map(references.locate, reference.photos)
    except ReferenceFileError:
        pass  # the file's own time and size tell when it has been mended
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path}\0{_state(path)}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _state(path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        return type(error).__name__
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"
