"""A backup as a file: a tar archive whose last member vouches for all others."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

from iot_facerecognition_protocol.system.whole_file import PRIVATE

_MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_LARGEST_MANIFEST: Final = 64_000_000
"""Bytes: a quarter of a million photos."""
_LARGEST_MEMBER: Final = 256_000_000
"""Bytes: no photo, token file or list of people is as large."""


class ArchiveError(Exception):
    """The archive is no backup, or not a whole one; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup: its name there, with `/` between folders, and its contents."""

    name: str
    content: bytes


def write_archive(out: BinaryIO, entries: Iterable[Entry], made: datetime) -> None:
    """Write `entries` to `out`, which need not be seekable, and after them what they should be.

    Raises OSError, and what `entries` raises.
    """
    hashes: dict[str, str] = {}
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            hashes[entry.name] = hashlib.sha256(entry.content).hexdigest()
            _add(archive, entry, made)
        manifest = {
            "format": _FORMAT,
            "server": version("iot-facerecognition"),
            "made": made.isoformat(),
            "sha256": hashes,
        }
        _add(archive, Entry(_MANIFEST, json.dumps(manifest, indent=1).encode()), made)


def read_archive(file: BinaryIO) -> Iterator[Entry]:
    """Yield the files of a backup; an archive that ends without the last member is cut short.

    Nothing may be done with them before all are read: only the end tells whether they are right.
    Raises ArchiveError and OSError.
    """
    hashes: dict[str, str] = {}
    manifest: bytes | None = None
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                if manifest is not None:
                    raise ArchiveError(f"{member.name!r} comes after its end")
                entry = _entry(archive, member)
                if entry.name == _MANIFEST:
                    manifest = entry.content
                    continue
                if entry.name in hashes:
                    raise ArchiveError(f"it has {entry.name!r} twice")
                hashes[entry.name] = hashlib.sha256(entry.content).hexdigest()
                yield entry
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveError(f"it is no tar archive, or was damaged or cut short ({error})") from None
    if manifest is None:
        raise ArchiveError("it was cut short: its last member is missing")
    _compare(_parsed(manifest), hashes)


def _add(archive: tarfile.TarFile, entry: Entry, made: datetime) -> None:
    member = tarfile.TarInfo(entry.name)
    member.size, member.mode, member.mtime = len(entry.content), PRIVATE, int(made.timestamp())
    archive.addfile(member, io.BytesIO(entry.content))


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    """Read a member that is a plain file at a place inside the backup; anything else is refused."""
    parts = PurePosixPath(member.name).parts
    inside = member.name == "/".join(parts) and not {"..", "/"} & set(parts)
    if not member.isreg() or not inside or "\0" in member.name:
        raise ArchiveError(f"{member.name!r} is nothing that a backup holds")
    most = _LARGEST_MANIFEST if member.name == _MANIFEST else _LARGEST_MEMBER
    if member.size > most:
        raise ArchiveError(f"{member.name!r} is larger than {most // 1_000_000} MB")
    file = archive.extractfile(member)
    assert file is not None, "a regular file has contents"
    return Entry(member.name, file.read())


def _parsed(manifest: bytes) -> dict[str, Any]:
    try:
        document = json.loads(manifest)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("sha256"), dict):
        raise ArchiveError("its last member is damaged")
    if document.get("format") != _FORMAT:
        raise ArchiveError(
            f"it is of format {document.get('format')!r}, and this server reads {_FORMAT}: restore"
            " it with the server that wrote it, or a newer one"
        )
    return document


def _compare(manifest: dict[str, Any], hashes: dict[str, str]) -> None:
    promised = manifest["sha256"]
    for name in promised.keys() | hashes.keys():
        if promised.get(name) != hashes.get(name):
            wrong = (
                "is damaged" if name in hashes and name in promised else "is missing or too much"
            )
            raise ArchiveError(f"{name!r} {wrong}")
