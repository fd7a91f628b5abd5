"""The command line of the server.

- `parser`: the commands and their help.
- `configuration`: the settings that a command line means.
- `output_form`: whether what is printed is text or JSON.
- `outcome`, `failures`: how a command ends, and which error has which exit code.
- the others: one group of commands each.
"""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, TextIO

from iot_facerecognition_protocol.system.command import as_command
from iot_facerecognition_server.cli.outcome import Command, CommandFailedError, ExitCode
from iot_facerecognition_server.cli.output_form import wants_json
from iot_facerecognition_server.cli.parser import PROGRAM, make_parser
from iot_facerecognition_server.config import ConfigError
from iot_facerecognition_server.json_console import JsonConsole, json_line

_INSTALL: Final = "pip install 'iot-facerecognition[server]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `arguments` default to the process's."""
    return as_command(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if not wants_json(words, os.environ):
        return _run(words, sys.stderr, _say)
    with JsonConsole() as console:
        return _run(words, console.stream, _say_in_json)


def _run(words: Sequence[str], log_stream: TextIO, say: Callable[..., None]) -> int:
    """Run a command; a server's log goes to `log_stream`, and what went wrong to `say`."""
    parsed = make_parser().parse_args(words)
    parsed.log_stream = log_stream
    try:
        code = command(parsed.run)(parsed)
        sys.stdout.flush()
    except ConfigError as error:
        say(*error.problems)
        return ExitCode.CONFIGURATION
    except CommandFailedError as error:
        say(str(error))
        return error.code
    except ModuleNotFoundError as error:
        say(f"the package {error.name} is missing; install the server with: {_INSTALL}")
        return ExitCode.FAILURE
    except BrokenPipeError:
        raise  # whoever read the output has seen enough
    except OSError as error:
        say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return ExitCode.FAILURE
    except KeyboardInterrupt:
        say("interrupted")
        return ExitCode.INTERRUPTED
    return code


def command(name: str) -> Command:
    """Import and return the function of the command `name`, as `module:function`."""
    module, _, function = name.partition(":")
    found: Command = getattr(import_module(f"{__name__}.{module}"), function)
    return found


def _say(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(f"{PROGRAM}: {line}\n")


def _say_in_json(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(json_line(logging.ERROR, line, logger=__name__) + "\n")
