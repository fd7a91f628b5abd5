"""Photos that serve as reference of somebody already."""

from collections.abc import Iterable
from pathlib import Path

from iot_facerecognition_server.gallery.photo_file import PhotoError, read_photo
from iot_facerecognition_server.gallery.reference_file import Reference, ReferenceFile


def other_owners(
    photo: Path, tag: str, references: ReferenceFile, people: Iterable[Reference]
) -> tuple[str, ...]:
    """Return the tags of `people`, other than `tag`, who have `photo` among their references.

    It is the same photo when its bytes are, whatever its name. One that cannot be read is nobody's.
    """
    owners = {
        person.tag: None
        for person in people
        if person.tag != tag
        and any(_is_same(photo, references.locate(name)) for name in person.photos)
    }
    return tuple(owners)


def _is_same(one: Path, other: Path) -> bool:
    try:
        if one.stat().st_size != other.stat().st_size:
            return False
        return one.samefile(other) or read_photo(one) == read_photo(other)
    except (OSError, PhotoError):
        return False
