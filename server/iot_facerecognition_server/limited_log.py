"""Hands log records on, but few of a kind: whatever happens ever again does not fill the log."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from iot_facerecognition_server.log_limits import OTHERS, LeftOut, LineLimits

_TRACEBACK_LINES: Final = 20
"""Lines as which a record with a traceback counts."""
_SHOWN: Final = 120
"""Characters of a message that are repeated to say which lines were left out."""

_Kind = tuple[str, int, str]
"""Logger, level, and the message before its values were put in or the event that it names."""


class LimitedLog(logging.Handler):
    """Hands each record to all of `handlers`, or to none, and says once a minute what it did not.

    Debugging is not limited: who asks for it wants all.
    """

    def __init__(
        self,
        handlers: Sequence[logging.Handler],
        lines: int,
        clock: Callable[[], float],
        left_out: Callable[[], None],
    ) -> None:
        """Let `lines` of a kind through in a minute, half of them about one identity; 0: all.

        `left_out` is called for each line more, and `clock` counts seconds.
        """
        super().__init__()
        self._handlers = tuple(handlers)
        self._limits = LineLimits(lines, max(1, lines // 2)) if lines else None
        self._clock = clock
        self._left_out = left_out
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Hand `record` on if it is one of few; the caller holds the handler's lock."""
        if self._limits is not None and record.levelno >= logging.INFO:
            now = self._clock()
            self._report(self._limits.over(now))
            cost = _TRACEBACK_LINES if record.exc_info or record.stack_info else 1
            if not self._limits.allows(_kind(record), _source(record), now, cost):
                self._left_out()
                self._schedule_report(now)
                return
        self._hand_on(record)

    def finish(self) -> None:
        """Say what was left out so far."""
        self.acquire()
        try:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._limits is not None:
                self._report(self._limits.end())
        finally:
            self.release()

    def _schedule_report(self, now: float) -> None:
        """Say what was left out when its minute is over, also if nothing else is logged then."""
        if self._timer is None and self._limits is not None:
            end = self._limits.next_end()
            if end is not None:
                self._timer = threading.Timer(max(0.0, end - now), self._report_in_time)
                self._timer.daemon = True
                self._timer.start()

    def _report_in_time(self) -> None:
        self.acquire()
        try:
            if self._timer is not None and self._limits is not None:
                self._timer = None
                now = self._clock()
                self._report(self._limits.over(now))
                self._schedule_report(now)
        finally:
            self.release()

    def _report(self, kinds: Sequence[LeftOut]) -> None:
        for left_out in kinds:
            self._hand_on(_summary(left_out))

    def _hand_on(self, record: logging.LogRecord) -> None:
        for handler in self._handlers:
            handler.handle(record)


def _kind(record: logging.LogRecord) -> _Kind:
    return record.name, record.levelno, str(getattr(record, "event", None) or record.msg)


def _source(record: logging.LogRecord) -> str:
    return str(getattr(record, "identity", ""))


def _summary(left_out: LeftOut) -> logging.LogRecord:
    level, which = logging.WARNING, "of many kinds"
    if left_out.kind != OTHERS:
        assert isinstance(left_out.kind, tuple)
        name, level, event = left_out.kind
        which = f"of {name}" if event == "%s" else f'like "{event[:_SHOWN]}"'
    message = "%d more lines %s were left out ([Log] LinesPerMinute)"
    return logging.LogRecord(__name__, level, __file__, 0, message, (left_out.lines, which), None)
