"""Folders with one package each: the next one, the current one, the previous one."""

import os
import shutil
from pathlib import Path

from iot_facerecognition_edge.update.journal import READABLE
from iot_facerecognition_protocol.system.whole_file import in_place_of

_FOLDER = 0o755


def held(folder: Path) -> Path | None:
    """Return the package in `folder`, None without one."""
    found = sorted(folder.glob("*.deb"))
    return found[0] if found else None


def put(package: Path, folder: Path, name: str) -> Path:
    """Copy `package` to `folder` as `name`, in place of what is there; return the copy.

    It is on the disk when this returns. Raises OSError.
    """
    prepare(folder)
    place = folder / name
    if not (place.exists() and package.samefile(place)):
        with in_place_of(place, READABLE) as partial:
            shutil.copyfile(package, partial)
    _keep_only(place)
    return place


def move(package: Path, folder: Path) -> None:
    """Move `package` to `folder`, in place of what is there. Raises OSError.

    A package that is there already, because this was interrupted before, is fine.
    """
    prepare(folder)
    place = folder / package.name
    if package.exists():
        package.replace(place)
        _sync(folder)
        _sync(package.parent)
    if place.exists():
        _keep_only(place)


def clear(folder: Path) -> None:
    """Remove everything from `folder`. Raises OSError."""
    for path in folder.iterdir() if folder.is_dir() else ():
        path.unlink()


def prepare(folder: Path) -> None:
    """Make `folder`, readable for everybody: apt reads as a user of its own. Raises OSError."""
    for one in (folder.parent, folder):
        one.mkdir(exist_ok=True)
        one.chmod(_FOLDER)


def _keep_only(place: Path) -> None:
    for path in place.parent.iterdir():
        if path != place:
            path.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
