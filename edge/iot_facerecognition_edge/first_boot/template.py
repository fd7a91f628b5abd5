"""The commented file that comes on a card, and filling it in."""

import re
from collections.abc import Mapping
from importlib.resources import files

from iot_facerecognition_edge.first_boot.document import OWN

Filling = Mapping[tuple[str, str], str | int | tuple[str, ...]]
"""Values by section and key."""

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def template() -> str:
    """Return the file to begin with: valid, and everything in it commented out."""
    return (files(__package__) / OWN).read_text(encoding="utf-8")


def filled(text: str, filling: Filling) -> str:
    """Return the template `text` with these values in place of its examples.

    Raises KeyError for a key that it has no line for.
    """
    missing = dict(filling)
    lines, section, in_example = [], "", False
    for line in text.splitlines():
        header = re.fullmatch(r"\[([\w-]+)\]", line)
        section = header[1] if header else section
        key = re.match(r"#([a-z_]+) = (\[$)?", line)
        where = (section, key[1]) if key else None
        if in_example:
            in_example = line != "#]"
        elif where in missing:
            lines.append(f"{where[1]} = {spelled(missing.pop(where))}")
            in_example = bool(key and key[2])
        else:
            lines.append(line)
    if missing:
        raise KeyError(next(iter(missing)))
    return "\n".join(lines) + "\n"


def spelled(value: str | int | tuple[str, ...]) -> str:
    """Return `value` as TOML spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(spelled, value)) + "]"
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else _code(c)) for c in value) + '"'


def _code(character: str) -> str:
    return f"\\U{ord(character):08x}"
