"""Who plays in the demo: which photo shows whom, and whom the server is told about."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REFERENCES: Mapping[str, tuple[str, ...]] = {
    "Barack Obama": ("obama.jpg",),
    "Joe Biden": ("biden.jpg",),
    "Eileen Collins": ("astronaut.png",),
}
"""The people in faces.json. One of the people on the photos is left out on purpose."""

ON_PHOTO: Mapping[str, str] = {
    "obama.jpg": "Barack Obama",
    "obama2.jpg": "Barack Obama",
    "obama3.jpg": "Barack Obama",
    "biden.jpg": "Joe Biden",
    "astronaut.png": "Eileen Collins",
    "hanks.png": "",
    "group.jpg": "",
}
"""Whom the server should name on each photo; empty: nobody it knows."""


@dataclass(frozen=True, slots=True)
class Part:
    """A client of the demo: its name and the photos that its camera pans over."""

    client: str
    photos: tuple[str, ...]


PARTS = (
    Part("entrance", ("obama2.jpg", "hanks.png", "astronaut.png")),
    Part("office", ("biden.jpg", "group.jpg", "obama3.jpg")),
)


def people(folder: Path) -> dict[str, list[Path]]:
    """Return the reference photos of everyone the server is told about."""
    return {tag: [folder / name for name in names] for tag, names in REFERENCES.items()}
