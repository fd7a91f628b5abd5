"""In which form a command line wants its output, before anything else of it is looked at."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from iot_facerecognition_server.cli.configuration import config_file
from iot_facerecognition_server.cli.parser import make_parser
from iot_facerecognition_server.config import ConfigError
from iot_facerecognition_server.config.loading import examine

_HELP: Final = frozenset({"-h", "--help", "--version"})
_SERVER: Final = "run"


def wants_json(words: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Tell whether all output is to be JSON: that of the server is, where its log is.

    Other commands talk to people, or to scripts that read their output. A command line or a
    configuration with errors is looked at as far as that goes.
    """
    options = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    options.add_argument("-c", "--config", type=Path)
    try:
        found, rest = options.parse_known_args(words)
    except argparse.ArgumentError:
        found, rest = argparse.Namespace(config=None), list(words)
    commands = [word for word in rest if not word.startswith("-")]
    others = set(make_parser().get_default("commands")) - {_SERVER}
    if _HELP & set(rest) or (commands and commands[0] in others):
        return False
    return _log_format(config_file(found), environ) == "json"


def _log_format(path: Path | None, environ: Mapping[str, str]) -> str:
    try:
        return examine(path, environ).config.log.log_format
    except (ConfigError, OSError):  # there is no such file
        return examine(None, environ).config.log.log_format
