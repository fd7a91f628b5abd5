"""The examples of README and docs: every block of code, and what its page says of running it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
CODE = {"", "python", "sh", "bash"}
"""Languages of blocks that a reader runs; others (text, json, ini) show data."""
_MARK = re.compile(r"<!-- (run: prints|not run:) (.+?) -->")
_FENCE = re.compile(r"^```(\w*)$")


@dataclass(frozen=True)
class Block:
    """A block of code. `prints` is a pattern of what it prints; None: it is marked as not run.

    `mark` is empty for a block of which the page says neither.
    """

    page: str
    line: int
    language: str
    code: str
    mark: str
    prints: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(name: str, text: str) -> Iterator[Block]:
    """Return the blocks of a page: fenced ones, and those that are indented outside of lists."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        begin = number
        fence = _FENCE.match(lines[number])
        if fence:
            end = lines.index("```", number + 1)
            body, language, number = lines[number + 1 : end], fence[1], end + 1
        elif lines[number].startswith("    ") and not lines[number - 1].strip():
            while number < len(lines) and lines[number].startswith("    "):
                number += 1
            body, language = [line[4:] for line in lines[begin:number]], ""
        else:
            number += 1
            continue
        above = next((line for line in reversed(lines[:begin]) if line.strip()), "")
        mark = _MARK.fullmatch(above)
        prints = mark[2] if mark and mark[1].startswith("run") else None
        code = "\n".join(body) + "\n"
        yield Block(name, begin + 1, language, code, mark[1] if mark else "", prints)


def code_blocks() -> list[Block]:
    """Return every block of code on every page."""
    return [
        block
        for page in PAGES
        for block in blocks_of(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8"))
        if block.language in CODE
    ]
