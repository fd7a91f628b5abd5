"""What became of a reference photo, in a sentence."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class PhotoStatus(StrEnum):
    """What became of a reference photo."""

    USED = "used"
    SEVERAL_FACES = "several faces"
    """The largest one is used."""
    NO_FACE = "no face"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What became of one photo of the person `tag`; `message` says it in a sentence."""

    tag: str
    photo: Path
    status: PhotoStatus
    message: str

    @property
    def used(self) -> bool:
        """Whether the photo is a reference now."""
        return self.status in {PhotoStatus.USED, PhotoStatus.SEVERAL_FACES}
