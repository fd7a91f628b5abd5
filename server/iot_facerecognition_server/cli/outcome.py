"""How a command ends."""

import argparse
from collections.abc import Callable
from enum import IntEnum

Command = Callable[[argparse.Namespace], int]
"""Does what was asked for and returns the exit code. May raise CommandFailedError."""


class ExitCode(IntEnum):
    """The exit codes of the command line; they keep their meaning."""

    SUCCESS = 0
    FAILURE = 1
    """Anything that has no code of its own."""
    CONFIGURATION = 2
    """The command line, a setting, a certificate or the token file."""
    MODELS = 3
    """A model file is missing or damaged."""
    ADDRESS_IN_USE = 4
    INTERRUPTED = 130
    """128 and SIGINT, as shells have it."""


class CommandFailedError(Exception):
    """A command cannot do what it was asked for; the message says what to do."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.code = code
