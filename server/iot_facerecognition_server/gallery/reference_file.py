"""`faces.json`: who is known, and by which photos."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_server.whole_file import in_place_of

_ALLOWED: Final = (
    'a list like [{"tag": "Ada", "photos": "ada.jpg"}, {"tag": "Bo", "photos": ["1.png", "2.jpg"]}]'
)
_SHOWN: Final = 40
"""Characters of a wrong value that an error message repeats."""


class ReferenceFileError(Exception):
    """The reference file is not as it should be; the message names file, entry and cure."""


class ReferenceFileMissingError(ReferenceFileError):
    """There is no reference file yet."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A known person: the tag that results carry, and photos as the file names them."""

    tag: str
    photos: tuple[str, ...]


class ReferenceFile:
    """Reads and changes a reference file in the original's format.

    It is a JSON list of `{tag, photos}` where `photos` is a name or a list of names, relative to
    the file's folder. A tag may have several entries. Fields of other names are kept and ignored.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def locate(self, photo: str) -> Path:
        """Return where the photo lies that the file calls `photo`."""
        return self.path.parent / photo

    def load(self) -> tuple[Reference, ...]:
        """Return the entries in their order.

        Raises ReferenceFileMissingError where there is no file, and ReferenceFileError.
        """
        return tuple(self._reference(*numbered) for numbered in enumerate(self._entries(), 1))

    def add(self, tag: str, photos: Iterable[Path]) -> None:
        """Add `photos` to the person `tag`, who may be new; makes the file if there is none.

        Photos inside the file's folder are named relative to it, others absolutely. Raises
        ReferenceFileError, also for a photo that does not exist.
        """
        try:
            entries = self._entries()
        except ReferenceFileMissingError:
            entries = []
        names = [self._name(photo) for photo in photos]
        if not tag.strip() or not names:
            raise ReferenceFileError("a person needs a tag that is not empty, and a photo or more")
        known = [self._reference(*numbered) for numbered in enumerate(entries, 1)]
        for index, reference in enumerate(known):
            if reference.tag == tag:
                merged = list(dict.fromkeys([*reference.photos, *names]))
                entries[index] = entries[index] | {"photos": merged}
                break
        else:
            entries.append({"tag": tag, "photos": names if len(names) > 1 else names[0]})
        self._write(entries)

    def remove(self, tag: str) -> tuple[str, ...]:
        """Remove every entry of `tag` and return the photos it named; the photos themselves stay.

        Raises ReferenceFileError, also where nobody has that tag.
        """
        entries = self._entries()
        known = [self._reference(*numbered) for numbered in enumerate(entries, 1)]
        if tag not in {reference.tag for reference in known}:
            tags = ", ".join(dict.fromkeys(reference.tag for reference in known)) or "nobody"
            raise ReferenceFileError(f"{self.path} knows no {tag!r}; it knows {tags}")
        self._write(
            [entry for entry, reference in zip(entries, known, strict=True) if reference.tag != tag]
        )
        gone = (reference.photos for reference in known if reference.tag == tag)
        return tuple(photo for photos in gone for photo in photos)

    def _entries(self) -> list[dict[str, Any]]:
        try:
            document = json.loads(self.path.read_text("utf-8-sig"))
        except FileNotFoundError:
            raise ReferenceFileMissingError(
                f"{self.path} does not exist; add a person with: "
                "iot-facerecognition-server faces add TAG PHOTO…"
            ) from None
        except OSError as error:
            raise ReferenceFileError(f"{self.path} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise ReferenceFileError(
                f"{self.path} is no JSON ({error}); it is {_ALLOWED}"
            ) from None
        if not isinstance(document, list):
            raise ReferenceFileError(f"{self.path} is a {type(document).__name__}, not {_ALLOWED}")
        return document

    def _reference(self, number: int, entry: Any) -> Reference:
        """Return entry `number` (from 1) checked."""
        where = f"{self.path}, entry {number}"
        if not isinstance(entry, dict):
            raise ReferenceFileError(f"{where} is {_short(entry)}; the file is {_ALLOWED}")
        tag, photos = entry.get("tag"), entry.get("photos")
        if not isinstance(tag, str) or not tag.strip():
            raise ReferenceFileError(f"{where}: tag is {_short(tag)}, it must be a name")
        names = [photos] if isinstance(photos, str) else photos
        if not isinstance(names, list) or not all(
            isinstance(name, str) and name and "\0" not in name for name in names
        ):
            raise ReferenceFileError(
                f"{where} ({tag}): photos is {_short(photos)}, "
                "it must be a file name or a list of file names"
            )
        return Reference(tag, tuple(names))

    def _name(self, photo: Path) -> str:
        if not photo.is_file():
            raise ReferenceFileError(f"there is no photo {photo}")
        photo, folder = photo.resolve(), self.path.parent.resolve()
        inside = photo.is_relative_to(folder)
        return (photo.relative_to(folder) if inside else photo).as_posix()

    def _write(self, entries: list[dict[str, Any]]) -> None:
        """Replace the file in one step, so that a reader sees the old one or the new one."""
        try:
            mode = self.path.stat().st_mode & 0o777 if self.path.exists() else 0o644
            with in_place_of(self.path) as partial:
                with partial.open("w", encoding="utf-8") as file:
                    json.dump(entries, file, ensure_ascii=False, indent=2)
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                partial.chmod(mode)
        except OSError as error:
            raise ReferenceFileError(f"{self.path} cannot be written: {error.strerror}") from error


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "missing" if value is None else text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
