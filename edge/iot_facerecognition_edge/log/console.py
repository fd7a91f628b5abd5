"""The console as a place to write to that never holds up the appliance's one thread."""

import errno
import os
import select
from typing import TextIO


class Console:
    """A stream for `logging.StreamHandler` that loses lines while nobody reads the pipe behind it.

    How many were lost is written before the next line.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to the descriptor of `stream`, past its buffer; OSError where it has none."""
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLOUT)
        self.lost = 0

    def write(self, text: str) -> None:
        """Write a line, or count it as lost."""
        lines = text
        if self.lost:
            lines = f"{self.lost} log lines were lost: nobody read them\n{text}"
        data = lines.encode(self._encoding, "backslashreplace")
        # A pipe that is ready takes this much at once, and none of it waits.
        for start in range(0, len(data), select.PIPE_BUF):
            if not self._ready():
                self.lost += 1
                return
            try:
                os.write(self._descriptor, data[start : start + select.PIPE_BUF])
            except OSError as error:
                self.lost += 1
                if error.errno not in {errno.EPIPE, errno.EIO}:  # the reader or terminal has gone
                    raise
                return
        self.lost = 0

    def _ready(self) -> bool:
        return any(happened & select.POLLOUT for _, happened in self._poll.poll(0))

    def flush(self) -> None:
        """Nothing is kept back."""


def console(stream: TextIO) -> "Console | TextIO":
    """Return the console behind `stream`; a stream in memory holds nobody up as it is."""
    try:
        return Console(stream)
    except OSError:
        return stream
