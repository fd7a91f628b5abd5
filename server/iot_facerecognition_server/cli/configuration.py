"""The configuration that a command line means."""

import argparse
import os
from pathlib import Path
from typing import Final

from iot_facerecognition_server.config import Config, load

DEFAULT_FILE: Final = Path("config.ini")
"""Looked for in the working directory when `--config` is not given."""


def config_file(arguments: argparse.Namespace) -> Path | None:
    """Return the file to read: the one that was named, the usual one if it is there, or none."""
    named: Path | None = arguments.config
    if named is not None:
        return named
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def read_config(arguments: argparse.Namespace) -> Config:
    """Return the configuration of this command line and environment. Raises ConfigError."""
    return load(config_file(arguments), os.environ)
