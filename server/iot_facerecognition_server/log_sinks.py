"""Where log lines go: the console and a file, each behind a bounded queue and a thread of its own.

So neither a disk nor a terminal nor a pipe that nobody reads holds up the event loop or the other.
"""

import errno
import logging
import math
import os
import queue
import select
import stat
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from logging.handlers import (
    QueueHandler,
    QueueListener,
    RotatingFileHandler,
    WatchedFileHandler,
)
from pathlib import Path
from typing import Any, Final, TextIO

from iot_facerecognition_protocol.system.whole_file import belong_to_folder, make_folder
from iot_facerecognition_server.config import LogSettings

FILE_MODE: Final = 0o640
"""The log tells who was seen when: not for everyone on the machine."""
_WARNING_SECONDS: Final = 60.0
_CLOSING_SECONDS: Final = 2.0
"""How long what waits may take to be written at the end."""


class Sink(QueueHandler):
    """Takes records without ever waiting, and has a thread write them by a handler.

    Those for which there was no room are counted.
    """

    def __init__(self, handler: logging.Handler, capacity: int) -> None:
        """Let `capacity` records wait."""
        self._records: queue.Queue[Any] = queue.Queue(capacity)
        super().__init__(self._records)
        self._handler = handler
        self._writer = _Writer(self._records, handler, self.newly_dropped)
        self._counting = threading.Lock()
        self._dropped = 0
        self._reported = 0
        self.when_lost: Callable[[], None] | None = None
        """Called on any thread for each record that is lost."""

    @property
    def dropped(self) -> int:
        """Records that were lost."""
        return self._dropped

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Fix what may change before it is written: values, and the traceback's frames."""
        prepared = copy(record)
        prepared.message = record.getMessage()
        prepared.args = None
        if record.exc_info:
            prepared.exc_text = "".join(traceback.format_exception(*record.exc_info))
            prepared.exc_info = None
        return prepared

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a record into the queue if there is room: the caller may be the event loop."""
        try:
            self._records.put_nowait(record)
        except queue.Full:
            with self._counting:
                self._dropped += 1
            if self.when_lost is not None:
                self.when_lost()

    def newly_dropped(self) -> int:
        """Return how many were lost since the last call."""
        with self._counting:
            new = self._dropped - self._reported
            self._reported = self._dropped
            return new

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def finish(self) -> None:
        """Write what waits, for some seconds at most, and end the thread."""
        self._writer.stop()
        self._handler.close()
        self.close()


class _Writer(QueueListener):
    """The thread that writes."""

    def __init__(
        self,
        records: "queue.Queue[Any]",
        handler: logging.Handler,
        newly_dropped: Callable[[], int],
    ) -> None:
        super().__init__(records, handler)
        self._records = records
        self._handler = handler
        self._newly_dropped = newly_dropped

    def handle(self, record: logging.LogRecord) -> None:
        """Write a record, and before it how many were lost, if any."""
        lost = self._newly_dropped()
        if lost:
            text = "%d log messages were lost: writing is slower than logging"
            super().handle(own_record(text, lost))
        super().handle(record)

    def stop(self) -> None:
        """Let the thread write what waits, and end it; one that hangs is left to the process."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        for _ in range(2):
            with suppress(queue.Full):
                self._records.put(None, timeout=_CLOSING_SECONDS)
                thread.join(_CLOSING_SECONDS)
            if not thread.is_alive():
                return
            if isinstance(self._handler, Console):
                self._handler.give_up()


class Console(logging.StreamHandler[Any]):
    """A terminal or a pipe. Whoever reads it may stop to, or be gone: then lines are lost."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`, past its buffer where it is a file of the system's."""
        self._waiting: _WaitingStream | None = None
        try:
            descriptor = stream.fileno()
        except (OSError, ValueError):  # a stream in memory
            super().__init__(stream)
        else:
            stream.flush()
            self._waiting = _WaitingStream(descriptor, stream.encoding)
            super().__init__(self._waiting)

    def give_up(self) -> None:
        """Do not wait for a reader in this and all further writes: lines are lost instead."""
        if self._waiting is not None:
            self._waiting.give_up()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Lose the line: there is no other place to report it."""

    def close(self) -> None:
        """Let go of what was needed for waiting."""
        super().close()
        if self._waiting is not None:
            self._waiting.close()


class _WaitingStream:
    """Writes to a descriptor as its reader reads, without a lock that outlives the process's end.

    A thread that hangs in `sys.stderr.write` holds the lock of its buffer, for which the
    interpreter waits when it ends.
    """

    def __init__(self, descriptor: int, encoding: str) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._ended = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._poll.register(self._ended, select.POLLIN)

    def write(self, text: str) -> None:
        """Write all of `text`, or raise OSError."""
        data = text.encode(self._encoding, "backslashreplace")
        while data:
            ready = dict(self._poll.poll())
            if self._ended in ready and not ready.get(self._descriptor, 0) & select.POLLOUT:
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            # A pipe that has room has room for so much.
            data = data[os.write(self._descriptor, data[: select.PIPE_BUF]) :]

    def flush(self) -> None:
        """Nothing is kept back."""

    def give_up(self) -> None:
        os.eventfd_write(self._ended, 1)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._ended)


class LogFile(RotatingFileHandler, WatchedFileHandler):
    """A file that is set aside when it is full, and made again when somebody moved it away.

    The next file is the owner's, the group's and of the permissions that the last one had. A disk
    that fails is reported on the console.
    """

    def __init__(self, settings: LogSettings, console: logging.Handler) -> None:
        """Raise OSError where the file cannot be written, or is a pipe, which may hang."""
        make_folder(settings.location.parent, None)
        self._on_console = console
        self._warned_at = -math.inf
        self._rights: os.stat_result | None = None
        self.dev, self.ino = -1, -1
        RotatingFileHandler.__init__(
            self,
            settings.location,
            maxBytes=settings.max_bytes,
            backupCount=settings.backups,
            encoding="utf-8",
            errors="backslashreplace",
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into a new file where the old one was moved away."""
        try:
            if self.stream is not None:
                self._rights = os.fstat(self.stream.fileno())
            self.reopenIfNeeded()
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def _open(self) -> Any:
        stream = open(  # noqa: SIM115 - the handler's
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors=self.errors,
            opener=self._descriptor,
        )
        status = os.fstat(stream.fileno())
        self.dev, self.ino = status.st_dev, status.st_ino
        return stream

    def _descriptor(self, path: str, flags: int) -> int:
        # With O_NONBLOCK, opening a FIFO without a reader fails instead of waiting for one.
        flags |= os.O_NONBLOCK | os.O_NOCTTY
        try:
            descriptor = os.open(path, flags & ~os.O_CREAT)
        except FileNotFoundError:
            descriptor = os.open(path, flags, FILE_MODE)
            self._give_rights(descriptor, Path(path))
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "it is a pipe", path)
        os.set_blocking(descriptor, True)
        return descriptor

    def _give_rights(self, descriptor: int, path: Path) -> None:
        """Give a new file the rights of the last one; the first one is its folder's if root's."""
        if self._rights is None:
            os.fchmod(descriptor, FILE_MODE)
            belong_to_folder(path)
            return
        os.fchmod(descriptor, stat.S_IMODE(self._rights.st_mode))
        with suppress(PermissionError):
            os.fchown(descriptor, self._rights.st_uid, self._rights.st_gid)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Tell on the console that the disk fails, once a minute at most."""
        if record.created - self._warned_at >= _WARNING_SECONDS:
            self._warned_at = record.created
            self._warn(sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; what was buffered may find no room on the disk."""
        try:
            super().close()
        except OSError as error:
            if self._warned_at == -math.inf:
                self._warn(error)

    def _warn(self, error: BaseException | None) -> None:
        self._on_console.handle(own_record("%s cannot be written: %s", self.baseFilename, error))


def own_record(message: str, *values: object) -> logging.LogRecord:
    """Return a warning about logging itself."""
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, values, None)
