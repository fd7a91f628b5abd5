"""How every benchmark runs as a command: Ctrl-C ends it with a word instead of a traceback."""

import signal
import sys
from collections.abc import Callable
from typing import Final, NoReturn

INTERRUPTED: Final = 128 + signal.SIGINT
"""Exit code after Ctrl-C, as shells have it."""


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run `main` and end with its exit code; what it has begun has ended by then.

    Being told to terminate is taken as Ctrl-C, or the server under test would be left running.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = main() or 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)
