"""What a machine says on its serial line: the kernel's messages, and the journal's between them."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_STAMPED = re.compile(r"\[ *(\d+\.\d+)\] ?(.*)")
_LOOK = 0.1


class SilenceError(Exception):
    """The machine did not say in time what was waited for; the message has what it said last."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `time` in seconds since the kernel's start, as the line says itself."""

    time: float
    text: str


class SerialLog:
    """The serial line in the file at `path`, which grows."""

    def __init__(self, path: Path, alive: Callable[[], bool]) -> None:
        """`alive` says whether anything may still come."""
        self._path = path
        self._alive = alive

    def text(self) -> str:
        """Return everything that was said so far."""
        try:
            return self._path.read_text(errors="replace").replace("\r", "")
        except FileNotFoundError:
            return ""

    def lines(self) -> list[Line]:
        """Return the lines with a time so far, in the order of their times.

        Kernel and journal write to the line by different ways, the journal a little later.
        """
        found = (_STAMPED.search(line) for line in self.text().splitlines())
        lines = [Line(float(match[1]), match[2]) for match in found if match is not None]
        return sorted(lines, key=lambda line: line.time)

    def first(self, pattern: str) -> Line | None:
        """Return the first line with a time in which `pattern` is found."""
        return next((line for line in self.lines() if re.search(pattern, line.text)), None)

    def until(self, pattern: str, patience: float) -> Line:
        """Wait for such a line and return it. Raises SilenceError after `patience` seconds."""
        end = time.monotonic() + patience
        while (line := self.first(pattern)) is None:
            if not self._alive() or time.monotonic() > end:
                why = f"for {patience:.0f} seconds" if self._alive() else "before it ended"
                last = "\n".join(self.text().splitlines()[-30:])
                raise SilenceError(
                    f"the machine did not say {pattern!r} {why}; its last words:\n{last}"
                )
            time.sleep(_LOOK)
        return line
