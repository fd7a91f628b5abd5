"""What the server writes down: on the console and into a file that is bounded, never in the way.

Where the lines go is in `log_sinks`.
`extra={"client": NAME, "identity": WHO}` (best by a `logging.LoggerAdapter`) says whom a record is
about; with `LogFormat=json`, any other `extra` becomes a field, and `event` the record's kind.
"""

import json
import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TextIO

from iot_facerecognition_server.config import ConfigError, LogSettings
from iot_facerecognition_server.limited_log import LimitedLog
from iot_facerecognition_server.log_sinks import Console, LogFile, Sink

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
    """Writes what is logged in the process, but few lines of a kind, from `with` to its end."""

    def __init__(self, settings: LogSettings, console: TextIO, capacity: int = CAPACITY) -> None:
        """Write to `console`, and to the file that `settings` name.

        Raises ConfigError where the file cannot be opened.
        """
        formatter = JsonFormatter() if settings.log_format == "json" else TextFormatter()
        self._level = settings.level.upper()
        handler: logging.Handler = Console(console)
        self._sinks = [Sink(handler, capacity)]
        handlers = [handler]
        if settings.enable:
            handlers.insert(0, _open_file(settings, self._sinks[0]))
            self._sinks.insert(0, Sink(handlers[0], capacity))  # ends before where it warns
        for handler in handlers:
            handler.setFormatter(formatter)
        self._limited = LimitedLog(
            self._sinks, settings.lines_per_minute, time.monotonic, self._repeated
        )
        self._levels: dict[str, int] = {}
        self._count_repeated: Callable[[], None] | None = None

    @property
    def dropped(self) -> int:
        """Records that were lost on the console or in the file: logging was faster."""
        return sum(sink.dropped for sink in self._sinks)

    def count_by(self, repeated: Callable[[], None], lost: Callable[[], None]) -> None:
        """Call one of these, on any thread, for each line that is left out or lost from now on."""
        self._count_repeated = repeated
        for sink in self._sinks:
            sink.when_lost = lost

    def __enter__(self) -> Self:
        for name, level in (("", "WARNING"), (PACKAGE, self._level)):
            logger = logging.getLogger(name)
            self._levels[name] = logger.level
            logger.setLevel(level)
        logging.captureWarnings(capture=True)
        for sink in self._sinks:
            sink.start()
        logging.getLogger().addHandler(self._limited)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._limited.finish()
        logging.getLogger().removeHandler(self._limited)
        logging.captureWarnings(capture=False)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        for sink in self._sinks:
            sink.finish()

    def _repeated(self) -> None:
        if self._count_repeated is not None:
            self._count_repeated()


def _open_file(settings: LogSettings, console: logging.Handler) -> LogFile:
    try:
        return LogFile(settings, console)
    except OSError as error:
        raise ConfigError(
            f"[Log] Location: {settings.location} cannot be written: {error.strerror};"
            " name another file, or set Enable=false to log on the console only"
        ) from error


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
