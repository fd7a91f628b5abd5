"""How a command meets the streams that it was started with, whatever the locale is.

Without this, text that a locale has no letters for, a reader that has gone (`| head`), or a stream
that was closed (`>&-`) would each end a command with a traceback.
"""

import io
import os
import sys
from collections.abc import Callable
from typing import TextIO

FAILED = 1


def as_command(run: Callable[[], int]) -> int:
    """Return the exit code of `run`, which may print whatever it likes and to whomever.

    Characters that the output's encoding does not have are printed as escapes. Whoever reads the
    output may stop to; that is exit code 1. Where the locale would give file names another encoding
    than UTF-8, the program is started again in Python's UTF-8 mode (PEP 540), with the same process
    id.
    """
    _open_streams()
    _use_utf8()
    try:
        code = run()
    except BrokenPipeError:
        code = FAILED
    except SystemExit:  # argparse, after it has printed
        _flushed(sys.stdout)
        _flushed(sys.stderr)
        raise
    error = _flushed(sys.stdout)
    if error is not None:
        code = code or FAILED
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"the output cannot be written: {error.strerror}\n")
    _flushed(sys.stderr)
    return code


def _open_streams() -> None:
    """Have three standard streams that are open and take any text."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the next file that is opened gets this number, and whatever is printed.
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
            os.set_inheritable(descriptor, True)
    sys.stdout = _able(sys.stdout, 1)
    sys.stderr = _able(sys.stderr, 2)


def _able(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:  # Python found it closed
        return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _use_utf8() -> None:
    if sys.getfilesystemencoding() == "utf-8" or sys.flags.utf8_mode or not sys.executable:
        return
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def _flushed(stream: TextIO) -> OSError | None:
    """Write what is left; return why that failed, and let nobody try again."""
    try:
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return error
    return None
