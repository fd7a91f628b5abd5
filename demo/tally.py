"""What the demo counts: who was named, and whether that was right."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from iot_facerecognition_client import FacesResult
from iot_facerecognition_protocol import Face
from lab.cast import ON_PHOTO


@dataclass(slots=True)
class Tally:
    """One client's results, judged by what the photos show."""

    results: int = 0
    named: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    """Photos with faces that were not named, and how many those were."""
    wrong: Counter[str] = field(default_factory=Counter)
    """What was said wrongly, as "NAME on PHOTO", and how often."""
    now: tuple[Face, ...] = ()
    photo: str = ""

    def take(self, result: FacesResult, photo: Path) -> None:
        """Count a result of a frame that was cut from `photo`."""
        expected = ON_PHOTO[photo.name]
        self.results += 1
        self.now = result.faces
        self.photo = photo.name
        for face in result.faces:
            if not face.tag:
                self.unknown[photo.name] += 1
            else:
                self.named[face.tag] += 1
                if face.tag != expected:
                    self.wrong[f"{face.tag} on {photo.name}"] += 1
