"""With `[Log] LogFormat=json`, whatever the process prints becomes a JSON line, whoever prints it.

The log's own lines are JSON already. But libraries in C write to the standard streams past Python,
the interpreter does before and after the log is there, and so does argparse. So the streams lead
into pipes, at whose other end a process of its own makes lines of JSON out of what comes. A thread
could not: the last words of a library that ends the process would be lost with it.
"""

import json
import logging
import os
import select
import signal
import sys
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Final, Self, TextIO

from iot_facerecognition_server.logs import JsonFormatter

_STDOUT, _STDERR = 1, 2
_LONGEST: Final = 8000
"""Bytes of a line; what is longer becomes several."""
_CHUNK: Final = 65_536
_SYNC: Final = b"\0"
"""The line by which the server asks whether all has been written; no JSON is like it."""
_ROOM_SECONDS: Final = 0.5
"""How long there may be no room in the pipe at the end: nobody reads then."""
_LAST_SECONDS: Final = 2.0
"""How long what was printed may take to be written at the end."""
_ENDING: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


def json_line(level: int, message: str, *, logger: str, **fields: Any) -> str:
    """Return one line, without its end, in the form of the log's own."""
    record = logging.LogRecord(logger, level, "", 0, message, None, None)
    record.__dict__.update(fields)
    return JsonFormatter().format(record)


class JsonConsole:
    """Makes the standard streams those of a program that prints JSON lines; a context manager.

    They stay so after the block, up to the end of the process; its end only waits until what was
    printed so far has been written. To be entered before any thread is started.
    """

    def __init__(self) -> None:
        self._ends = ExitStack()
        self._converter = 0
        self._done = -1
        self.stream: TextIO
        """Takes lines that are JSON already, each whole."""

    def __enter__(self) -> Self:
        sys.stdout.flush()
        sys.stderr.flush()
        printed = {number: os.pipe() for number in (_STDOUT, _STDERR)}
        lines, done = os.pipe(), os.pipe()
        # What ends the server must not end the converter before it: it ends with the pipes.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            self._converter = os.fork()
            if not self._converter:
                for _, writing in (*printed.values(), lines):
                    os.close(writing)
                sources = {reading: number for number, (reading, _) in printed.items()}
                _convert_and_end(sources, lines[0], done[1])
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        for number, (reading, writing) in printed.items():
            os.close(reading)
            os.dup2(writing, number)
            os.close(writing)
        os.close(lines[0])
        os.close(done[1])
        self._done = done[0]
        self.stream = os.fdopen(lines[1], "w", encoding="ascii")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until everything has been written, or end a converter that nobody reads from."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        poll = select.poll()
        poll.register(self.stream.fileno(), select.POLLOUT)
        answered = bool(poll.poll(_ROOM_SECONDS * 1000))
        if answered:
            with suppress(OSError):
                os.write(self.stream.fileno(), _SYNC + b"\n")
            poll = select.poll()
            poll.register(self._done, select.POLLIN)
            answered = bool(poll.poll(_LAST_SECONDS * 1000))
        if not answered:
            os.kill(self._converter, signal.SIGKILL)
        self.stream.close()
        os.close(self._done)


def _convert_and_end(printed: dict[int, int], lines: int, done: int) -> None:
    """Be the converter until all pipes have ended."""
    code = 1
    try:
        _Converter(printed, lines, done).run()
        code = 0
    finally:
        os._exit(code)


class _Converter:
    """Makes JSON lines of what comes out of pipes."""

    def __init__(self, printed: dict[int, int], lines: int, done: int) -> None:
        """Read pipes: `printed` has the stream of each, and `lines` brings JSON for stderr."""
        self._streams = {**printed, lines: _STDERR}
        self._lines = lines
        self._done = done
        self._begun = dict.fromkeys(self._streams, b"")
        self._poll = select.poll()
        for pipe in self._streams:
            self._poll.register(pipe, select.POLLIN)

    def run(self) -> None:
        """Convert until every pipe has ended."""
        while self._begun:
            self._take(None)

    def _take(self, milliseconds: int | None) -> bool:
        """Take what comes within a time, forever with None; False when nothing did."""
        ready = self._poll.poll(milliseconds)
        asked = False
        for pipe, _ in ready:
            chunk = os.read(pipe, _CHUNK)
            if not chunk:
                self._poll.unregister(pipe)
                self._finish(pipe)
                del self._begun[pipe]
                continue
            *whole, self._begun[pipe] = (self._begun[pipe] + chunk).split(b"\n")
            for line in whole:
                if pipe == self._lines and line == _SYNC:
                    asked = True
                else:
                    self._put(pipe, line)
            if pipe != self._lines and len(self._begun[pipe]) > _LONGEST:
                self._finish(pipe)
        if asked:
            while self._take(0):
                pass
            for pipe in self._begun:
                self._finish(pipe)
            with suppress(OSError):
                os.write(self._done, b".")
        return bool(ready)

    def _finish(self, pipe: int) -> None:
        """Write a line that has not ended."""
        line, self._begun[pipe] = self._begun[pipe], b""
        self._put(pipe, line)

    def _put(self, pipe: int, line: bytes) -> None:
        stream = self._streams[pipe]
        if pipe != self._lines and not _is_json(line):
            text = line.decode("utf-8", "backslashreplace").rstrip()
            if not text:
                return
            level, logger = logging.WARNING, "stderr"
            if stream == _STDOUT:
                level, logger = logging.INFO, "stdout"
            line = json_line(level, text, logger=logger).encode("ascii")
        elif not line:
            return
        data = line + b"\n"
        with suppress(OSError):  # nobody reads it any more
            while data:
                data = data[os.write(stream, data) :]


def _is_json(line: bytes) -> bool:
    """Tell whether a line is one of the log's form already."""
    try:
        fields = json.loads(line)
    except ValueError:
        return False
    return isinstance(fields, dict) and {"ts", "level", "message"} <= fields.keys()
