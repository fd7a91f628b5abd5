"""One section of a file: typed values out of it, and a problem for each that is none."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from iot_facerecognition_edge.first_boot.document import Document
from iot_facerecognition_edge.first_boot.problems import Area, Problem, quoted

MOST_PROBLEMS = 20
"""Problems of one section; who made more should start again from the template."""
_MOST_WORDS = 64


class Table:
    """The section `name` of `document`; what is wrong with it gathers in `problems`."""

    def __init__(self, document: Document, name: str, area: Area) -> None:
        self.document = document
        self.name = name
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._area = area
        self._asked: set[str] = set()
        found = document.data.get(name, {})
        self._data: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        if self._data is not found:
            self.wrong((), f"must be a section: write [{name}] in a line of its own")

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def text(self, key: str, check: Callable[[str], str] | None = None) -> str | None:
        """Return the text of `key`, None without one. `check` may refuse it by a ValueError."""
        value = self._value(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong((key,), f'must be text between quotes: {key} = "…"')
            return None
        return self._checked(key, value.strip(), check)

    def secret(self, key: str, check: Callable[[str], str] | None = None) -> str | None:
        """Return the text of `key` as it is, blanks at its ends too."""
        value = self._value(key)
        if value is not None and not isinstance(value, str):
            self.wrong((key,), f'must be text between quotes: {key} = "…"')
            return None
        return None if value is None else self._checked(key, value, check)

    def flag(self, key: str) -> bool | None:
        """Return the switch `key`, None without one."""
        value = self._value(key)
        if value is not None and not isinstance(value, bool):
            self.wrong((key,), "must be true or false, without quotes")
            return None
        return value

    def texts(self, key: str, check: Callable[[str], str] | None = None) -> tuple[str, ...] | None:
        """Return the list of texts `key`, None without one. A single text is a list of one."""
        value = self._value(key)
        if value is None:
            return None
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.wrong((key,), f'must be a list of texts: {key} = ["…", "…"]')
            return None
        if len(words) > _MOST_WORDS:
            self.wrong((key,), f"must be at most {_MOST_WORDS} texts, not {len(words)}")
            return None
        checked = (self._checked(key, word.strip(), check) for word in words if word.strip())
        return tuple(word for word in checked if word is not None)

    def raw(self, key: str) -> Any:
        """Return whatever `key` has, None without it."""
        return self._value(key)

    def rest(self) -> Iterator[tuple[str, Any]]:
        """Yield the keys that nobody has asked for, with their values."""
        for key, value in self._data.items():
            if key not in self._asked:
                yield key, value

    def note_rest(self) -> None:
        """Note the keys that nobody has asked for: a newer Imager may write more."""
        for key, _ in self.rest():
            self.note((key,), "is not known here and was left out")

    def wrong(self, path: tuple[str, ...], text: str) -> None:
        """Add a problem with the key `path` of this section."""
        if len(self.problems) < MOST_PROBLEMS:
            place = self.document.place((self.name, *map(_short, path)))
            self.problems.append(Problem(self._area, place, text))

    def note(self, path: tuple[str, ...], text: str) -> None:
        """Add a note on the key `path` of this section: no mistake, but good to know."""
        if len(self.notes) < MOST_PROBLEMS:
            place = self.document.place((self.name, *map(_short, path)))
            self.notes.append(Problem(self._area, place, text).sentence)

    def _value(self, key: str) -> Any:
        self._asked.add(key)
        return self._data.get(key)

    def _checked(self, key: str, value: str, check: Callable[[str], str] | None) -> str | None:
        if check is None:
            return value
        try:
            return check(value)
        except ValueError as error:
            self.wrong((key,), str(error))
            return None


def _short(key: str) -> str:
    return key if len(key) <= 64 and key.isprintable() else quoted(key)  # noqa: PLR2004 - a name


def one_line(text: str) -> str:
    """Refuse text that would be more than one line of a configuration file. Raises ValueError."""
    if not text.isprintable():
        raise ValueError("must be one line without control characters: write it again by hand")
    return text
