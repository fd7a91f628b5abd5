"""The entries of a JSON list, one after the other, whatever their number.

`json.loads` holds the interpreter for all of a text at once: seconds for a large one, in which the
event loop stalls although another thread parses.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

LONGEST_ENTRY: Final = 1_000_000
"""Characters that an entry may have: 20 ms of the interpreter at most."""
_FIRST_LOOK: Final = 4096
"""Characters in which almost every entry ends; to look further costs a copy."""
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class JsonListError(Exception):
    """A text that is no JSON list; the message has line and column, both from 1."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        super().__init__(f"line {line}, column {column}: {reason}")


def entries(text: str) -> Iterator[Any]:
    """Yield the values in the JSON list `text`. Raises JsonListError where it is none."""
    position = _after_space(text, 0)
    if text[position : position + 1] != "[":
        value, _ = _value(text, position)
        raise JsonListError(f"it is a {type(value).__name__}", text, position)
    position = _after_space(text, position + 1)
    if text[position : position + 1] == "]":
        position += 1
    else:
        while True:
            value, position = _value(text, position)
            yield value
            position = _after_space(text, position)
            separator, position = text[position : position + 1], position + 1
            if separator == "]":
                break
            if separator != ",":
                raise JsonListError("expecting , or ] after an entry", text, position - 1)
            position = _after_space(text, position)
    position = _after_space(text, position)
    if position != len(text):
        raise JsonListError("something follows the list", text, position)


def _value(text: str, start: int) -> tuple[Any, int]:
    """Return the value that begins at `start`, and where it ends."""
    decoder = json.JSONDecoder()
    for length in (_FIRST_LOOK, LONGEST_ENTRY):
        cut = start + length < len(text)
        try:
            value, end = decoder.raw_decode(text[start : start + length])
        except json.JSONDecodeError as error:
            if cut and length < LONGEST_ENTRY:
                continue
            limit = f" (an entry has up to {LONGEST_ENTRY} characters)" if cut else ""
            raise JsonListError(f"{error.msg}{limit}", text, start + error.pos) from None
        except RecursionError:
            raise JsonListError("nested too deeply", text, start) from None
        except ValueError as error:  # a number of thousands of digits
            raise JsonListError(str(error), text, start) from None
        if not (cut and end == length):  # a number may go on behind the cut
            return value, start + end
    raise JsonListError(f"an entry has up to {LONGEST_ENTRY} characters", text, start)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None, "it matches nothing too"
    return match.end()
