"""The command line of the server.

- `parser`: the commands and their help.
- `configuration`: the settings that a command line means.
- `outcome`, `failures`: how a command ends, and which error has which exit code.
- the others: one group of commands each.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from iot_facerecognition_protocol.system.command import as_command
from iot_facerecognition_server.cli.outcome import Command, CommandFailedError, ExitCode
from iot_facerecognition_server.cli.parser import PROGRAM, make_parser
from iot_facerecognition_server.config import ConfigError

_INSTALL: Final = "pip install 'iot-facerecognition[server]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `arguments` default to the process's."""
    return as_command(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    parsed = make_parser().parse_args(arguments)
    try:
        code = command(parsed.run)(parsed)
        sys.stdout.flush()
    except ConfigError as error:
        _say(*error.problems)
        return ExitCode.CONFIGURATION
    except CommandFailedError as error:
        _say(str(error))
        return error.code
    except ModuleNotFoundError as error:
        _say(f"the package {error.name} is missing; install the server with: {_INSTALL}")
        return ExitCode.FAILURE
    except BrokenPipeError:
        raise  # whoever read the output has seen enough
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return ExitCode.FAILURE
    except KeyboardInterrupt:
        _say("interrupted")
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
