"""`faces.json`: who is known, and by which photos."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_protocol.system.regular_file import open_regular
from iot_facerecognition_protocol.system.whole_file import locked, write_file
from iot_facerecognition_server.gallery.json_list import JsonListError, entries

LARGEST_FILE: Final = 16_000_000
"""Bytes of a reference file: a hundred thousand photos with names of 100 characters."""
MOST_PROBLEMS: Final = 1000
"""Entries that are reported one by one; of more, the number."""
_MODE: Final = 0o644
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


@dataclass(frozen=True, slots=True)
class References:
    """What a reference file holds.

    `people` are its entries in their order, without those that cannot be used; `problems` has a
    sentence for each of these.
    """

    people: tuple[Reference, ...]
    problems: tuple[str, ...] = ()


class ReferenceFile:
    """Reads and changes a reference file in the original's format.

    It is a JSON list of `{tag, photos}` where `photos` is a name or a list of names, relative to
    the file's folder. A tag may have several entries. Fields of other names are kept and ignored.
    Changes, also those of other processes, wait for each other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._read: References | str = References(())

    def locate(self, photo: str) -> Path:
        """Return where the photo lies that the file calls `photo`."""
        return self.path.parent / photo

    def read(self) -> References:
        """Return what the file holds. An entry that is wrong costs the others nothing.

        Raises ReferenceFileMissingError where there is no file, and ReferenceFileError where it is
        no JSON list, or one in which no entry can be used.
        """
        stamp, text = self._text(self._stamp)
        if text is not None:
            self._read, self._stamp = self._judged(text), stamp
        if isinstance(self._read, str):
            raise ReferenceFileError(self._read)
        return self._read

    def load(self) -> tuple[Reference, ...]:
        """Return the entries in their order; one that is wrong raises ReferenceFileError too."""
        found = self.read()
        if found.problems:
            raise ReferenceFileError(found.problems[0])
        return found.people

    def add(self, tag: str, photos: Iterable[Path]) -> None:
        """Add `photos` to the person `tag`, who may be new; makes the file if there is none.

        Photos inside the file's folder are named relative to it, others absolutely; a symbolic link
        by its own name. Raises ReferenceFileError, also for a photo that does not exist.
        """
        names = [self._name(photo) for photo in photos]
        if not tag.strip() or not names:
            raise ReferenceFileError("a person needs a tag that is not empty, and a photo or more")
        if not _is_unicode(tag):
            raise ReferenceFileError(f"the tag {tag!a} is not UTF-8")
        with self._changing():
            try:
                present = list(self._entries(self._text()[1]))
            except ReferenceFileMissingError:
                present = []
            for index, entry in enumerate(present, 1):
                reference, problems = self._reference(index, entry)
                if reference is not None and reference.tag == tag and not problems:
                    merged = list(dict.fromkeys([*reference.photos, *names]))
                    present[index - 1] = entry | {"photos": merged}
                    break
            else:
                present.append({"tag": tag, "photos": names if len(names) > 1 else names[0]})
            self._write(present)

    def remove(self, tag: str) -> tuple[str, ...]:
        """Remove every entry of `tag` and return the photos it named; the photos themselves stay.

        Raises ReferenceFileError, also where nobody has that tag.
        """
        with self._changing():
            present = list(self._entries(self._text()[1]))
            kept = [entry for entry in present if _tag(entry) != tag]
            if len(kept) == len(present):
                known = filter(None, dict.fromkeys(map(_tag, present)))
                tags = ", ".join(known) or "nobody"
                raise ReferenceFileError(f"{self.path} knows no {tag!r}; it knows {tags}")
            gone = self._references([entry for entry in present if _tag(entry) == tag])
            self._write(kept)
        return tuple(photo for reference in gone.people for photo in reference.photos)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let no other process change the file meanwhile."""
        try:
            with locked(self.path):
                yield
        except OSError as error:
            raise ReferenceFileError(f"{self.path} cannot be written: {error.strerror}") from error

    def _text(
        self, known: tuple[int, int, int] | None = None
    ) -> tuple[tuple[int, int, int], str | None]:
        """Return the file's stamp and contents; not the contents where it is the `known` one."""
        try:
            with open_regular(self.path) as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
                if stamp == known:
                    return stamp, None
                data = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            self._stamp = None
            raise ReferenceFileMissingError(
                f"{self.path} does not exist; add a person with: "
                "iot-facerecognition-server faces add TAG PHOTO…"
            ) from None
        except OSError as error:
            raise ReferenceFileError(f"{self.path} cannot be read: {error.strerror}") from error
        if len(data) > LARGEST_FILE:
            raise ReferenceFileError(
                f"{self.path} cannot be read: it has more than {LARGEST_FILE // 1_000_000} MB"
            )
        # A byte that is no UTF-8 spoils the name that it stands in, and no other.
        return stamp, data.decode("utf-8-sig", "surrogateescape")

    def _entries(self, text: str | None) -> Iterator[Any]:
        try:
            yield from entries(text or "")
        except JsonListError as error:
            raise ReferenceFileError(
                f"{self.path} is no JSON list ({error}); it is {_ALLOWED}"
            ) from None

    def _judged(self, text: str) -> References | str:
        """Return what the file holds, or why it cannot be used: parsing a large one takes long."""
        try:
            found = self._references(self._entries(text))
        except ReferenceFileError as error:
            return str(error)
        return found.problems[0] if found.problems and not found.people else found

    def _references(self, present: Iterable[Any]) -> References:
        people: list[Reference] = []
        problems: list[str] = []
        more = 0
        for number, entry in enumerate(present, 1):
            reference, found = self._reference(number, entry)
            if reference is not None:
                people.append(reference)
            more += len(found[MOST_PROBLEMS - len(problems) :])
            problems += found[: MOST_PROBLEMS - len(problems)]
        if more:
            problems.append(f"{self.path}: {more} more are wrong")
        return References(tuple(people), tuple(problems))

    def _reference(self, number: int, entry: Any) -> tuple[Reference | None, list[str]]:
        """Return entry `number` (from 1) as far as it can be used, and what is wrong with it."""
        where = f"{self.path}, entry {number}"
        if not isinstance(entry, dict):
            return None, [f"{where} is {_short(entry)}; the file is {_ALLOWED}"]
        tag, photos = entry.get("tag"), entry.get("photos")
        if not isinstance(tag, str) or not tag.strip():
            return None, [f"{where}: tag is {_short(tag)}, it must be a name"]
        if not _is_unicode(tag):
            return None, [f"{where}: tag is {_short(tag)}, which is not UTF-8; write it again"]
        names = [photos] if isinstance(photos, str) else photos
        if not isinstance(names, list) or not all(
            isinstance(name, str) and name and "\0" not in name for name in names
        ):
            wrong = "it must be a file name or a list of file names"
            return None, [f"{where} ({tag}): photos is {_short(photos)}, {wrong}"]
        usable = tuple(name for name in names if _is_unicode(name))
        problems = [
            f"{where} ({tag}): the photo {_short(name)} has a name that is not UTF-8; rename it"
            for name in names
            if not _is_unicode(name)
        ]
        return (Reference(tag, usable) if usable or not names else None), problems

    def _name(self, photo: Path) -> str:
        if not photo.is_file():
            raise ReferenceFileError(f"there is no photo {photo}")
        # Only folders are resolved: a link to a photo may be meant to lead to another one later.
        resolved, folder = photo.parent.resolve() / photo.name, self.path.parent.resolve()
        inside = resolved.is_relative_to(folder)
        name = (resolved.relative_to(folder) if inside else photo.absolute()).as_posix()
        if not _is_unicode(name):
            raise ReferenceFileError(f"the photo {name!a} has a name that is not UTF-8; rename it")
        return name

    def _write(self, present: list[Any]) -> None:
        """Replace the file in one step, so that a reader sees the old one or the new one."""
        text = json.dumps(present, ensure_ascii=False, indent=2) + "\n"
        # What is no Unicode becomes a JSON escape, as which it is read again.
        write_file(self.path, text.encode("utf-8", "backslashreplace"), _MODE)


def _tag(entry: Any) -> Any:
    return entry.get("tag") if isinstance(entry, dict) else None


def _is_unicode(text: str) -> bool:
    """Tell whether `text` has no lone surrogates, which no UTF-8 can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "missing" if value is None else text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
