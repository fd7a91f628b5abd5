"""How a program is ended from outside: in good order by the first signal, at once by the next."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType

END_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what service managers send."""


def end_in_order(loop: asyncio.AbstractEventLoop, end: Callable[[], object]) -> None:
    """Call `end` on `loop` for the first of `END_SIGNALS`; the next ends the process.

    To be called on the main thread.
    """

    def first() -> None:
        end_at_once(loop)
        end()

    for number in END_SIGNALS:
        loop.add_signal_handler(number, first)


def end_at_once(loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Let the next of `END_SIGNALS` end the process, for the time in which it is ending anyway.

    The system does that: an exception of Python's would show as a traceback out of whatever is
    being closed, and would wait for threads.
    """
    for number in END_SIGNALS:
        if loop is not None:
            loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)


def interrupt_once(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's
    """Raise KeyboardInterrupt for the first signal; the next ends the process.

    A signal handler, for programs without an event loop on their main thread.
    """
    end_at_once()
    raise KeyboardInterrupt
