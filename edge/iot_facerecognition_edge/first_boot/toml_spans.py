"""Where the keys and values of a TOML text stand: the standard library's parser does not say.

Only for texts that `tomllib` has accepted: what is invalid is not looked for here.
Source: the TOML 1.0 grammar, toml.io/en/v1.0.0.
"""

import tomllib
from collections.abc import Iterator

from iot_facerecognition_protocol.records import dataclass

Path = tuple[str | int, ...]
"""Keys from the outermost in; a number is a place in an array of tables."""

_BLANK = " \t\r\n"
_SCALAR_ENDS = ",]}#\r\n"


@dataclass(frozen=True, slots=True)
class TextSpan:
    """One key with its value, `text[start:end]`; `statement` is where its line begins."""

    path: Path
    line: int
    statement: int
    start: int
    end: int


def spans(text: str) -> tuple[TextSpan, ...]:
    """Return where each value of a valid TOML `text` stands, also those in inline tables."""
    return tuple(_Scanner(text).statements())


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._tables: dict[Path, int] = {}
        self._statement = 0

    def statements(self) -> Iterator[TextSpan]:
        table: Path = ()
        while True:
            self._skip(newlines=True)
            if self._place >= len(self._text):
                return
            self._statement = self._text.rfind("\n", 0, self._place) + 1
            if self._text.startswith("[[", self._place):
                table = self._array_header()
            elif self._text[self._place] == "[":
                table = self._header()
            else:
                yield from self._pair(table)

    # Headers

    def _header(self) -> Path:
        self._place += 1
        path = self._within(self._key())
        self._place += 1
        return path

    def _array_header(self) -> Path:
        self._place += 2
        path = self._within(self._key())
        self._place += 2
        number = self._tables[path] = self._tables.get(path, -1) + 1
        return (*path, number)

    def _within(self, key: Path) -> Path:
        """Return `key` with the number of the newest table wherever it leads through an array."""
        path: Path = ()
        for part in key[:-1]:
            path = (*path, part)
            if path in self._tables:
                path = (*path, self._tables[path])
        return (*path, key[-1])

    # Keys and values

    def _pair(self, table: Path) -> Iterator[TextSpan]:
        key = self._place
        path = table + self._key()
        self._place += 1  # the equals sign
        self._skip()
        start = self._place
        inner = list(self._value(path))
        line = self._text.count("\n", 0, key) + 1
        yield TextSpan(path, line, self._statement, start, self._place)
        yield from inner

    def _key(self) -> Path:
        """Pass a key, dotted and quoted as it may be, and what is blank around it."""
        self._skip()
        start = self._place
        while True:
            self._skip()
            if self._text[self._place] in "\"'":
                self._string()
            else:
                while self._text[self._place].isalnum() or self._text[self._place] in "_-":
                    self._place += 1
            self._skip()
            if self._text[self._place] != ".":
                break
            self._place += 1
        return _names(self._text[start : self._place])

    def _value(self, path: Path) -> Iterator[TextSpan]:
        first = self._text[self._place]
        if first in "\"'":
            self._string()
        elif first == "[":
            yield from self._array(path)
        elif first == "{":
            yield from self._inline_table(path)
        else:
            while self._place < len(self._text) and self._text[self._place] not in _SCALAR_ENDS:
                self._place += 1

    def _array(self, path: Path) -> Iterator[TextSpan]:
        self._place += 1
        number = 0
        while True:
            self._skip(newlines=True)
            if self._text[self._place] == "]":
                break
            if self._text[self._place] == ",":
                self._place += 1
                number += 1
                continue
            yield from self._value((*path, number))
        self._place += 1

    def _inline_table(self, path: Path) -> Iterator[TextSpan]:
        self._place += 1
        while True:
            self._skip(newlines=True)
            if self._text[self._place] == "}":
                break
            if self._text[self._place] == ",":
                self._place += 1
                continue
            yield from self._pair(path)
        self._place += 1

    def _string(self) -> None:
        quote = self._text[self._place]
        if self._text.startswith(3 * quote, self._place):
            self._place += 3
            self._until(3 * quote, escapes=quote == '"')
            for _ in range(2):  # up to two quotes may belong to the text before the three
                if self._text.startswith(quote, self._place):
                    self._place += 1
        else:
            self._place += 1
            self._until(quote, escapes=quote == '"')

    def _until(self, end: str, *, escapes: bool) -> None:
        while not self._text.startswith(end, self._place):
            self._place += 2 if escapes and self._text[self._place] == "\\" else 1
        self._place += len(end)

    def _skip(self, *, newlines: bool = False) -> None:
        """Pass blanks, and line ends and comments where a value may go on behind them."""
        blank = _BLANK if newlines else " \t"
        while self._place < len(self._text):
            if self._text[self._place] in blank:
                self._place += 1
            elif newlines and self._text[self._place] == "#":
                end = self._text.find("\n", self._place)
                self._place = len(self._text) if end < 0 else end
            else:
                return


def _names(key: str) -> Path:
    """Return the parts of a key as it is written."""
    if key.replace("_", "").replace("-", "").isalnum():
        return (key,)
    found: object = tomllib.loads(f"{key} = 1")
    path: list[str] = []
    while isinstance(found, dict):
        (name, found), *_ = found.items()
        path.append(name)
    return tuple(path)
