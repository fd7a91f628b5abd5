"""A text as runs of one font and one direction, in the order in which they are drawn.

Directions follow the Unicode Bidirectional Algorithm (Unicode Standard Annex 9) for one line
without embeddings, which names have none of: rules P2 and P3 for the paragraph, W1 for marks, W7
for numbers, N1 and N2 for what has no direction, I1, I2 and L2 for the order. Of N0 there is that
a pair of brackets has one direction. What a run looks like inside (joined letters, marks, mirrored
brackets) is the shaper's.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from iot_facerecognition_client.lettering.scripts import Script, script_of

_RIGHT: Final = {"R", "AL"}
_NUMBERS: Final = {"EN", "AN"}
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_JOINERS: Final = "\u200c\u200d"
_MODIFIERS: Final = range(0x1F3FB, 0x1F400)
"""Skin tones: they colour the emoji before them."""


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a text that is drawn in one font, from right to left or from left to right."""

    text: str
    script: Script
    right_to_left: bool


def runs(text: str) -> list[Run]:
    """Return the runs of one line, from the left of the screen to its right.

    Line breaks and other controls become spaces: names come from a server, and a shaper refuses
    text of more than one line.
    """
    if not text:
        return []
    text = _CONTROLS.sub(" ", text)
    levels = _levels(text)
    keys = list(zip(_scripts(text), levels, strict=True))
    parts: list[tuple[int, Run]] = []
    position = 0
    for (script, level), group in groupby(keys):
        end = position + len(list(group))
        parts.append((level, Run(text[position:end], script, bool(level % 2))))
        position = end
    return _in_visual_order(parts)


def clusters(text: str) -> list[str]:
    """Return what a reader takes for single characters: letters with their marks, whole emoji."""
    found: list[str] = []
    for character in text:
        if found and (_belongs_to_the_one_before(character) or found[-1][-1] == "\u200d"):
            found[-1] += character
        else:
            found.append(character)
    return found


def _scripts(text: str) -> list[Script]:
    """Return each character's script; marks and joiners have that of the character before."""
    found: list[Script] = []
    for index, character in enumerate(text):
        joined = index and (_belongs_to_the_one_before(character) or text[index - 1] == "\u200d")
        found.append(found[-1] if joined else script_of(character))
    return found


def _levels(text: str) -> list[int]:
    """Return each character's embedding level: odd for right to left."""
    classes = _classes(text)
    strong = next((c for c in classes if c in "LR"), "L")
    base = int(strong == "R")
    resolved = _resolve_neutrals(_resolve_numbers(classes, "R" if base else "L"), base)
    for opening, closing in _bracket_pairs(text):
        resolved[closing] = resolved[opening]
    if base:
        return [1 if c == "R" else 2 for c in resolved]
    return [{"L": 0, "R": 1, "N": 2}[c] for c in resolved]


def _classes(text: str) -> list[str]:
    """Return L, R, N (number) or a blank (no direction of its own) for each character."""
    found: list[str] = []
    for character in text:
        bidi = unicodedata.bidirectional(character)
        if bidi == "NSM" and found:
            found.append(found[-1])
        elif bidi == "L":
            found.append("L")
        elif bidi in _RIGHT:
            found.append("R")
        else:
            found.append("N" if bidi in _NUMBERS else " ")
    return found


def _resolve_numbers(classes: list[str], before: str) -> list[str]:
    """Let numbers after left-to-right text be a part of it (W7)."""
    found = []
    for one in classes:
        if one in "LR":
            before = one
        found.append("L" if one == "N" and before == "L" else one)
    return found


def _resolve_neutrals(classes: list[str], base: int) -> list[str]:
    """Give what has no direction that of its neighbours where they agree, else the base's."""
    found = list(classes)
    edge = "R" if base else "L"
    position = 0
    for blank, group in groupby(classes, key=lambda one: one == " "):
        end = position + len(list(group))
        if blank:
            before = _side(classes[position - 1]) if position else edge
            after = _side(classes[end]) if end < len(classes) else edge
            found[position:end] = [before if before == after else edge] * (end - position)
        position = end
    return found


def _bracket_pairs(text: str) -> list[tuple[int, int]]:
    """Return where brackets open and close."""
    pairs: list[tuple[int, int]] = []
    open_ones: list[int] = []
    for index, character in enumerate(text):
        if character in _BRACKETS:
            open_ones.append(index)
        elif open_ones and character == _BRACKETS[text[open_ones[-1]]]:
            pairs.append((open_ones.pop(), index))
    return pairs


def _side(direction: str) -> str:
    """Numbers next to right-to-left text count as right to left (N1)."""
    return "R" if direction == "N" else direction


def _in_visual_order(parts: list[tuple[int, Run]]) -> list[Run]:
    """Reverse what is from right to left, from the highest level down (L2)."""
    ordered = list(parts)
    for level in range(max(level for level, _ in parts), 0, -1):
        again: list[tuple[int, Run]] = []
        for reverse, group in groupby(ordered, key=lambda part: part[0] >= level):
            together = list(group)
            again += together[::-1] if reverse else together
        ordered = again
    return [run for _, run in ordered]


def _belongs_to_the_one_before(character: str) -> bool:
    return (
        unicodedata.category(character).startswith("M")
        or character in _JOINERS
        or ord(character) in _MODIFIERS
    )
