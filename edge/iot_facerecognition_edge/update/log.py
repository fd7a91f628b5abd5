"""The updater's log: a bounded file, and the journal by way of standard error."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

LARGEST = 256 * 1024
"""Bytes after which the file becomes the older one next to it, of which there is one."""
_MODE = 0o640


class Log:
    """Writes lines with their time of day, which `wall` tells.

    With `to_journal` the first line of each text goes to standard error, too.
    """

    def __init__(
        self, path: Path, wall: Callable[[], datetime], *, to_journal: bool = True
    ) -> None:
        self._path = path
        self._wall = wall
        self._to_journal = to_journal

    def __call__(self, text: str) -> None:
        """Write `text`; a log that cannot be written stops nothing."""
        stamp = self._wall().isoformat(timespec="seconds")
        lines = "".join(f"{stamp} {line}\n" for line in text.splitlines())
        try:
            if self._path.exists() and self._path.stat().st_size > LARGEST:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            if not self._path.exists():
                self._path.touch(_MODE)
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(lines)
        except OSError as error:
            sys.stderr.write(f"{self._path} cannot be written: {error.strerror}\n")
        if self._to_journal:
            # It says what happened; what programs printed stands in the file.
            sys.stderr.write(text.partition("\n")[0] + "\n")
            sys.stderr.flush()
