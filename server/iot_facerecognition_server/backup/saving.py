"""What a backup holds, read so that it fits together while the server runs and people change it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, Final

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import end_of_links, locked
from iot_facerecognition_server.backup.archive import Entry
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.gallery.reference_file import LARGEST_FILE, ReferenceFile
from iot_facerecognition_server.trust.server_identity import ServerIdentity

KEY: Final = "state/server.pem"
TOKENS: Final = "state/tokens.json"
API_TOKENS: Final = "state/api-tokens.json"
FLEET: Final = "state/fleet.json"
REFERENCES: Final = "faces/faces.json"
PHOTOS: Final = "faces/"
_GATHERED: Final = "gathered"
"""Folder next to the reference file for photos that lay elsewhere."""
_LARGEST: Final = 256_000_000


class BackupError(Exception):
    """Nothing that could be backed up is there; the message says where it was looked for."""


class Saved:
    """Reads what belongs into a backup; `warnings` tells afterwards what was left out, and why."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._identity = ServerIdentity(config)
        self._references = ReferenceFile(config.dlib.reference_file)
        self.warnings: list[str] = []

    def entries(self) -> Iterator[Entry]:
        """Yield every file, photos last. Commands that change any of them wait meanwhile.

        Raises BackupError and OSError.
        """
        places = [self._identity.key_path, self._config.token_file, self._references.path]
        if not any(place.exists() for place in places):
            raise BackupError(
                f"there is no {places[0]}: has this server never run, or is [Server]"
                " StateDirectory another folder?"
            )
        with ExitStack() as changes:
            for folder in self._folders():
                changes.enter_context(locked(folder / "any"))
            yield from self._state()
            yield from self._faces()

    def _folders(self) -> list[Path]:
        """Return the folders whose locks keep changes away: each once, in an order of their own."""
        paths = [self._config.token_file, self._references.path]
        if self._identity.own:
            paths.append(self._identity.key_path)
        folders = {self._config.server.state_directory, *(end_of_links(p).parent for p in paths)}
        return sorted({folder.resolve() for folder in folders if folder.is_dir()})

    def _state(self) -> Iterator[Entry]:
        key = self._identity.key_path
        if not self._identity.own:
            self.warnings.append(f"{key}, which [Certificate] Key names: back it up with the rest")
        elif key.exists():
            yield Entry(KEY, read_regular(key, _LARGEST))
        else:
            self.warnings.append(f"{key}, which does not exist")
        for name, place in (
            (TOKENS, self._config.token_file),
            (API_TOKENS, self._config.api_token_file),
            (FLEET, self._config.fleet_file),
        ):
            if place.exists():
                yield Entry(name, read_regular(place, _LARGEST))

    def _faces(self) -> Iterator[Entry]:
        path = self._references.path
        if not path.exists():
            self.warnings.append(f"{path}, which does not exist: no people are enrolled")
            return
        text = read_regular(path, LARGEST_FILE)
        found = self._references.read()
        self.warnings += found.problems
        photos = dict.fromkeys(photo for one in found.people for photo in one.photos)
        names = {photo: self._inside(photo, number) for number, photo in enumerate(photos, 1)}
        moved = {photo: name for photo, name in names.items() if photo != name}
        yield Entry(REFERENCES, renamed(text, moved) if moved else text)
        for name, photo in {name: photo for photo, name in names.items()}.items():
            place = self._references.locate(photo)
            try:
                content = read_regular(place, _LARGEST)
            except OSError as error:
                self.warnings.append(f"{place}: {error.strerror}")
                continue
            yield Entry(PHOTOS + name, content)

    def _inside(self, photo: str, number: int) -> str:
        """Return what `photo` is called in a backup: a path below the reference file's folder."""
        folder = os.path.normpath(self._references.path.parent.absolute())
        place = Path(os.path.normpath(self._references.locate(photo).absolute()))
        if not place.is_relative_to(folder) or place == self._references.path.absolute():
            return f"{_GATHERED}/{number:05}-{PurePosixPath(photo).name}"
        name = place.relative_to(folder).as_posix()
        return name if PHOTOS + name != REFERENCES else f"{_GATHERED}/{number:05}-{name}"


def renamed(text: bytes, names: Mapping[str, str]) -> bytes:
    """Return a reference file's `text` with other names for some of its photos."""

    def photos_of(value: Any) -> Any:
        if isinstance(value, list):
            return [photos_of(one) for one in value]
        return names.get(value, value) if isinstance(value, str) else value

    entries = json.loads(text.decode("utf-8-sig", "surrogateescape"))
    for entry in entries:
        if isinstance(entry, dict) and "photos" in entry:
            entry["photos"] = photos_of(entry["photos"])
    return json.dumps(entries, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
