"""Where the names of faces stand in a picture. Plain geometry: no canvas, no clock.

Rectangles are (x, y, width, height) in whole pixels.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

Rectangle = tuple[int, int, int, int]

_SHORTEST: Final = 3
"""A tag is not cut shorter than this many times its height, unless its face is narrower."""
_STEPS: Final = 4
"""Widths between all of a tag and the shortest that are tried."""


def place_tags(
    faces: Sequence[Rectangle], sizes: Sequence[tuple[int, int]], picture: Rectangle
) -> list[Rectangle]:
    """Return a place for each face's tag, in the picture and clear of other faces and tags.

    `sizes` are (width, height) of the tags as they are, (0, 0) for a face without one. A tag stands
    under its face, else above it, else on the lower edge of the face itself, and is narrower than
    asked for where there is no room for all of it: cut its text to the width returned. Where faces
    lie on each other nothing may be free; then a tag covers as little as it can. The order of
    `faces` decides who chooses first.
    """
    placed: list[Rectangle] = []
    for index, (face, (width, height)) in enumerate(zip(faces, sizes, strict=True)):
        others = [*faces[:index], *faces[index + 1 :]]
        best, least = None, 0
        for place in _places(face, min(width, picture[2]), height, picture):
            covered = _covered(place, placed) * 2 + _covered(place, others)
            if best is None or covered < least:
                best, least = place, covered
            if not covered:
                break
        assert best is not None, "there is always a place on the face itself"
        placed.append(best)
    return placed


def _places(face: Rectangle, width: int, height: int, picture: Rectangle) -> Iterator[Rectangle]:
    """Yield the places for a tag, the best first."""
    x, y, face_width, face_height = face
    right, bottom = x + face_width, y + face_height
    shortest = min(width, max(face_width, _SHORTEST * height))
    for step in range(_STEPS + 1):
        wide = width - (width - shortest) * step // _STEPS
        for top in (bottom, y - height):
            for left in (x, right - wide, x + (face_width - wide) // 2):
                place = (_within(left, wide, picture[0], picture[2]), top, wide, height)
                if top >= picture[1] and top + height <= picture[1] + picture[3]:
                    yield place
    narrow = max(1, min(width, face_width))
    inside = _within(x, narrow, picture[0], picture[2])
    for top in range(bottom - height, y - height, -max(1, height)):
        yield inside, _within(top, height, picture[1], picture[3]), narrow, height
    yield inside, _within(bottom - height, height, picture[1], picture[3]), narrow, height


def _within(start: int, size: int, low: int, room: int) -> int:
    """Return `start`, moved so that `size` from there lies within `room` from `low`."""
    return max(low, min(start, low + room - size))


def _covered(place: Rectangle, rectangles: Iterable[Rectangle]) -> int:
    """Return how many pixels of `rectangles` lie under `place`."""
    x, y, width, height = place
    total = 0
    for left, top, other_width, other_height in rectangles:
        across = min(x + width, left + other_width) - max(x, left)
        down = min(y + height, top + other_height) - max(y, top)
        if across > 0 and down > 0:
            total += across * down
    return total
