"""Who is on which photo, and who is enrolled on the server that looks at them."""

from collections.abc import Mapping
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


def people(folder: Path) -> dict[str, list[Path]]:
    """Return the reference photos of everyone who is enrolled."""
    return {tag: [folder / name for name in names] for tag, names in REFERENCES.items()}
