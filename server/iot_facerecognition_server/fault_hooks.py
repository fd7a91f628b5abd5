"""Faults that reach nobody, in threads and destructors, belong into the log like all others."""

import logging
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_log = logging.getLogger(__name__)


class FaultHooks:
    """Logs what the interpreter would print, from `with` to the end of its block."""

    def __enter__(self) -> Self:
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = _uncaught
        threading.excepthook = _uncaught_in_thread
        sys.unraisablehook = _unraisable
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.error("a fault ended the program", exc_info=(kind, error, trace))


def _uncaught_in_thread(fault: threading.ExceptHookArgs) -> None:
    if fault.exc_type is SystemExit:  # a thread may end itself
        return
    name = fault.thread.name if fault.thread is not None else "of an unknown name"
    _log.error("a fault ended the thread %s", name, exc_info=fault.exc_value or True)


def _unraisable(fault: "UnraisableHookArgs") -> None:
    what = fault.err_msg or "a fault that nobody could be sent"
    _log.error("%s: %r", what, fault.object, exc_info=fault.exc_value or True)
