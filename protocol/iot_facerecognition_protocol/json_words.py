"""JSON's own words for types and values, for errors that a programmer in any language reads."""

import json
from typing import Any, Final

BEYOND_DOUBLE: Final = object()
"""Stands for a number that JSON can spell and a double cannot hold; of no type that is read."""
TYPE_NAMES: Final[dict[type, str]] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "an array",
    dict: "an object",
}
_SHOWN: Final = 60
"""Characters, or digits, of a wrong value that an error message repeats."""


def shown(value: Any) -> str:
    """Return `value` as JSON spells it, or what it is where that would be long."""
    if value is BEYOND_DOUBLE:
        return "a number beyond a double's range"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "a huge number"
    return json.dumps(value)


def _quoted(text: str) -> str:
    """Return `text` in quotes, cut, with whatever a terminal or log might act on escaped."""
    shown_text = ""
    for character in text[: _SHOWN + 1]:
        kept = character.isprintable() and character not in '"\\'
        shown_text += character if kept else json.dumps(character)[1:-1]
        if len(shown_text) > _SHOWN:
            return f'"{shown_text[:_SHOWN]}…"'
    return f'"{shown_text}"'
