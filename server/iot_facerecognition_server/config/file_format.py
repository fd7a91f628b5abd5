"""The text of a configuration file as sections of keys, and what is wrong with it."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NO_SECTION = "\0"
"""configparser wants a section for defaults; no file can hold this name."""


@dataclass(frozen=True, slots=True)
class FileContents:
    """What a file says, by section and key, and what of it could not be understood."""

    sections: Mapping[str, Mapping[str, str]]
    problems: tuple[str, ...]


def read_file(path: Path) -> FileContents:
    """Read the configuration file at `path`; problems are returned, not raised."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return FileContents({}, (f"{path}: there is no such file",))
    except OSError as error:
        return FileContents({}, (f"{path}: cannot be read: {error.strerror}",))
    except UnicodeDecodeError as error:
        return FileContents({}, (f"{path}: is not UTF-8 text (byte {error.start})",))
    problems: list[str] = []
    parser = _parser(strict=True)
    try:
        parser.read_string(text)
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        problems.append(_twice(path, error))
        # The last one wins now, so that the rest of the file is looked at too.
        parser = _parser(strict=False)
        try:
            parser.read_string(text)
        except configparser.ParsingError as more:
            problems += _not_understood(path, text, more)
    except configparser.ParsingError as error:
        problems += _not_understood(path, text, error)
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    return FileContents(sections, tuple(problems))


def _parser(*, strict: bool) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(
        delimiters=("=",),  # a colon belongs to the key: QSsl::KeyAlgorithm
        comment_prefixes=("#", ";"),
        inline_comment_prefixes=None,
        strict=strict,
        empty_lines_in_values=False,
        default_section=_NO_SECTION,
    )
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    return parser


def _twice(
    path: Path, error: configparser.DuplicateOptionError | configparser.DuplicateSectionError
) -> str:
    where = f"{path}, line {error.lineno}: "
    if isinstance(error, configparser.DuplicateOptionError):
        return f"{where}[{error.section}] {error.option} stands there twice; remove one of the two"
    return f"{where}[{error.section}] stands there twice; put its keys together"


def _not_understood(path: Path, text: str, error: configparser.ParsingError) -> list[str]:
    if isinstance(error, configparser.MissingSectionHeaderError):
        return [f"{path}, line {error.lineno}: a section such as [Connection] must come first"]
    wanted = "is neither a [Section] nor Key=value nor a # comment"
    lines = text.split("\n")
    return [
        f"{path}, line {number}: {lines[number - 1].strip()[:80]!r} {wanted}"
        for number, _ in error.errors  # what comes after the number differs between Pythons
    ]
