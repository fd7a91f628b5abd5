"""What the server writes down: on the console and into a file that is bounded, never in the way.

Records go through a bounded queue to a thread of their own, so that neither disk nor terminal holds
up the event loop; what finds the queue full is counted and told later.
`extra={"client": NAME, "identity": WHO}` (best by a `logging.LoggerAdapter`) says whom a record is
about; with `LogFormat=json`, any other `extra` becomes a field, and `event` the record's kind.
"""

import json
import logging
import math
import os
import queue
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from types import TracebackType
from typing import Any, Final, Self, TextIO

from iot_facerecognition_server.config import ConfigError, LogSettings

PACKAGE: Final = "iot_facerecognition_server"
SERVER: Final = "server"
"""The name in lines that are about no client."""
CAPACITY: Final = 10_000
"""Records that may wait to be written: some megabytes."""
_LONGEST: Final = 8000
"""Characters of a text that are written."""
_LONGEST_NAME: Final = 64
_PLAIN: Final = re.compile(r"[\w.:%@ -]+")
"""Identities that need no quotes, addresses among them."""
_FILE_MODE: Final = 0o640
"""The log tells who was seen when: not for everyone on the machine."""
_COMPLAINT_SECONDS: Final = 60.0
_CLOSING_SECONDS: Final = 5.0

_STANDARD: Final = frozenset(
    logging.makeLogRecord({}).__dict__.keys()
    | {"message", "asctime", "taskName", "client", "identity"}
)
"""Attributes that every record has; what else it has came by `extra`."""


def escaped(text: str) -> str:
    r"""Return `text` as one harmless line: what cannot be seen becomes `\n`, `\x1b`, `\u202e`."""
    if not text.isprintable():
        text = "".join(
            character
            if character.isprintable()
            else character.encode("unicode_escape").decode("ascii")
            for character in text
        )
    return text


def quoted(text: str) -> str:
    r"""Return `text` in quotes, so that it cannot pass for anything else: `"a \"b\""`."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class TextFormatter(logging.Formatter):
    """The original's lines, with the name in quotes: `[dd-MM-yyyy / hh:mm:ss]: "NAME" (WHO): text`.

    Times are local. A client chooses its name, WHO it is has been proved; lines of the server's own
    begin with `server: `. Warnings and errors begin their text with the word. The lines of a
    traceback follow indented, so that none of them can be taken for a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or lines with a traceback."""
        moment = datetime.fromtimestamp(record.created).astimezone()
        text = escaped(_message(record))
        if record.levelno >= logging.WARNING:
            text = f"{record.levelname.lower()}: {text}"
        line = f"[{moment:%d-%m-%Y / %H:%M:%S}]: {_about(record)}: {text}"
        return "\n".join([line, *(f"    {escaped(part)}" for part in _traceback(record))])


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII, for machines; times in UTC.

    `event` is the message before its values were put in, unless the record names one: records of
    one kind have it in common.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, Any] = {
            "ts": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "client": _extra(record, "client"),
            "identity": _extra(record, "identity"),
            "event": getattr(record, "event", None) or _shortened(str(record.msg), _LONGEST),
            "message": _message(record),
            "logger": record.name,
        }
        parts = _traceback(record)
        if parts:
            fields["exception"] = "\n".join(parts)
        more = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        return json.dumps(_plain(more) | fields, default=str)


class ServerLog:
    """Writes everything that is logged in the process, from `with` to the end of its block."""

    def __init__(self, settings: LogSettings, console: TextIO, capacity: int = CAPACITY) -> None:
        """Write to `console`, and to the file that `settings` name.

        Raises ConfigError where the file cannot be opened.
        """
        formatter = JsonFormatter() if settings.log_format == "json" else TextFormatter()
        self._level = settings.level.upper()
        self._console = logging.StreamHandler(console)
        self._console.setFormatter(formatter)
        self._handlers: list[logging.Handler] = [self._console]
        if settings.enable:
            file = _open_file(settings, self._console)
            file.setFormatter(formatter)
            self._handlers.append(file)
        self._waiting = _BoundedHandler(capacity)
        self._writer = _Writer(self._waiting, self._handlers)
        self._levels: dict[str, int] = {}

    @property
    def dropped(self) -> int:
        """Records that were lost since writing was slower than logging."""
        return self._waiting.dropped

    def __enter__(self) -> Self:
        for name, level in (("", "WARNING"), (PACKAGE, self._level)):
            logger = logging.getLogger(name)
            self._levels[name] = logger.level
            logger.setLevel(level)
        logging.captureWarnings(capture=True)
        logging.getLogger().addHandler(self._waiting)
        self._writer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        logging.getLogger().removeHandler(self._waiting)
        logging.captureWarnings(capture=False)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._writer.stop()
        for handler in (self._waiting, *self._handlers):
            handler.close()


class _BoundedHandler(QueueHandler):
    """Puts records into a queue, and counts those for which there was no room."""

    def __init__(self, capacity: int) -> None:
        self.records: queue.Queue[Any] = queue.Queue(capacity)
        super().__init__(self.records)
        self._counting = threading.Lock()
        self._dropped = 0
        self._told = 0

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
            self.records.put_nowait(record)
        except queue.Full:
            with self._counting:
                self._dropped += 1

    def newly_dropped(self) -> int:
        """Return how many were lost since the last call."""
        with self._counting:
            new = self._dropped - self._told
            self._told = self._dropped
            return new


class _Writer(QueueListener):
    """The thread that writes."""

    def __init__(self, source: _BoundedHandler, handlers: list[logging.Handler]) -> None:
        super().__init__(source.records, *handlers)
        self._source = source

    def handle(self, record: logging.LogRecord) -> None:
        """Write a record, and before it how many were lost, if any."""
        lost = self._source.newly_dropped()
        if lost:
            super().handle(
                _record("%d log messages were lost: writing is slower than logging", lost)
            )
        super().handle(record)

    def enqueue_sentinel(self) -> None:
        """Ask for the end, after what waits; a full queue makes room or never will."""
        try:
            self._source.records.put(None, timeout=_CLOSING_SECONDS)
        except queue.Full:
            sys.stderr.write("the log cannot be written; what waits is lost\n")

    def stop(self) -> None:
        """Let the thread write what waits, and end it; one that hangs is left to the process."""
        if self._thread is not None:
            self.enqueue_sentinel()
            self._thread.join(_CLOSING_SECONDS)
            self._thread = None


class _LogFile(RotatingFileHandler):
    """A file that is set aside when it is full; a disk that fails is told on the console."""

    def __init__(self, settings: LogSettings, console: logging.Handler) -> None:
        super().__init__(
            settings.location,
            maxBytes=settings.max_bytes,
            backupCount=settings.backups,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self._on_console = console
        self._complained = -math.inf

    def _open(self) -> Any:
        return open(
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors=self.errors,
            opener=lambda path, flags: os.open(path, flags, _FILE_MODE),
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Tell on the console that the disk fails, once a minute at most."""
        if record.created - self._complained >= _COMPLAINT_SECONDS:
            self._complained = record.created
            self._complain(sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; what was buffered may find no room on the disk."""
        try:
            super().close()
        except OSError as error:
            if self._complained == -math.inf:
                self._complain(error)

    def _complain(self, error: BaseException | None) -> None:
        self._on_console.handle(_record("%s cannot be written: %s", self.baseFilename, error))


def _open_file(settings: LogSettings, console: logging.Handler) -> _LogFile:
    try:
        settings.location.parent.mkdir(parents=True, exist_ok=True)
        return _LogFile(settings, console)
    except OSError as error:
        raise ConfigError(
            f"[Log] Location: {settings.location} cannot be written: {error.strerror};"
            " name another file, or set Enable=false to log on the console only"
        ) from error


def _record(message: str, *values: object) -> logging.LogRecord:
    """Return a warning about logging itself, which must not go through the queue."""
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, values, None)


def _message(record: logging.LogRecord) -> str:
    """Return the text, which is ready in a record that came through the queue."""
    ready: str | None = getattr(record, "message", None)
    return _shortened(record.getMessage() if ready is None else ready, _LONGEST)


def _about(record: logging.LogRecord) -> str:
    """Return whom a line is about; what is not in quotes is the server's own word."""
    name, identity = _extra(record, "client"), _extra(record, "identity")
    if name is None:
        return SERVER
    if identity is None:
        return quoted(name)
    return f"{quoted(name)} ({identity if _PLAIN.fullmatch(identity) else quoted(identity)})"


def _extra(record: logging.LogRecord, key: str) -> str | None:
    value = getattr(record, key, None)
    return None if value is None else escaped(str(value)[:_LONGEST_NAME])


def _traceback(record: logging.LogRecord) -> list[str]:
    text = record.exc_text or ""
    if record.stack_info:
        text += "\n" + record.stack_info
    return [line for line in text.split("\n") if line]


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "..."


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON knows them: it has no NaN and no infinity."""
    return {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
