"""One file of the card: what it says, and in which lines."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from iot_facerecognition_edge.first_boot.card_text import CardText, CardTextError
from iot_facerecognition_edge.first_boot.problems import Area, Problem, quoted
from iot_facerecognition_edge.first_boot.toml_spans import Path, TextSpan, spans
from iot_facerecognition_protocol.records import dataclass

OWN = "iot-facerecognition.toml"
IMAGER = "rpi-preseed.toml"
"""What Raspberry Pi Imager writes since 2.0.11 for an image with `init_format` `rpi-preseed`."""
VERSION_KEY = "config_version"
_MAJOR = 1
_MINOR = 1
_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?")
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a"


class DocumentError(ValueError):
    """A file that cannot be used at all; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is valid TOML of a version that is understood."""

    name: str
    source: CardText
    data: Mapping[str, Any]
    spans: tuple[TextSpan, ...]
    notes: tuple[str, ...] = ()

    def line(self, path: Path) -> int | None:
        """Return the line in which `path` is set; None where it is not."""
        return next((span.line for span in self.spans if span.path == path), None)

    def place(self, path: Path) -> str:
        """Return where `path` is, for people: file, line, section and key."""
        line = self.line(path)
        where = self.name if line is None else f"{self.name}, line {line}"
        section, *rest = map(str, path)
        key = ".".join(rest)
        return f"{where}, [{section}] {key}" if key else f"{where}, [{section}]"


def read_document(name: str, data: bytes) -> Document:
    """Return the file `name` with the contents `data`. Raises DocumentError."""
    try:
        source = CardText.decode(data)
    except CardTextError as error:
        raise DocumentError(Problem(Area.FILE, name, str(error))) from None
    try:
        found = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(_syntax(name, source.text, str(error))) from None
    except (RecursionError, ValueError, OverflowError):  # brackets in brackets; a huge number
        text = "it is nested too deeply or has a number too large: start again from the template"
        raise DocumentError(Problem(Area.FILE, name, text)) from None
    notes = _check_version(name, found)
    return Document(name, source, found, spans(source.text), notes)


def _syntax(name: str, text: str, words: str) -> Problem:
    """Say where the text is no TOML, and what is most often the matter there."""
    found = re.search(r"\(at line (\d+), column \d+\)", words)
    number = int(found[1]) if found else len(text.splitlines())
    lines = text.splitlines()
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    if any(c in line for c in _TYPOGRAPHIC):
        cure = 'it has typographic quotes; use plain ones: "'
    elif "\r" in text.replace("\r\n", ""):
        cure = "its lines end as on old Macs; save it with Unix or Windows line ends"
    elif "=" in line and not re.search(r"[\"'\[{]|=\s*(true|false|[-+\d])", line):
        cure = 'write text between quotes: key = "text"'
    elif words.startswith(("Cannot overwrite", "Cannot declare")):
        cure = "it is there twice; delete one of them"
    elif "escape" in words.lower() or "\\" in line:
        cure = (
            "a backslash within \"…\" must be doubled; or put the text between single quotes: '…'"
        )
    else:
        cure = 'each line is [section], key = "text", or begins with #'
    return Problem(Area.FILE, f"{name}, line {number}", f"this line is not understood: {cure}")


def _check_version(name: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is to be noted about the version. Raises DocumentError for another one."""
    version = data.get(VERSION_KEY, None if name == IMAGER else f"{_MAJOR}.0")
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if found is None or int(found[1]) != _MAJOR:
        has = "is missing" if version is None else f"is {quoted(str(version))}"
        raise DocumentError(
            Problem(
                Area.FILE,
                f"{name}, {VERSION_KEY}",
                f'it {has}, this system understands "{_MAJOR}.x": use the template, or a Raspberry'
                " Pi Imager that writes it",
            )
        )
    if int(found[2] or 0) > _MINOR:
        return (f"{name} is of version {version}, newer than this system's {_MAJOR}.{_MINOR}",)
    return ()
