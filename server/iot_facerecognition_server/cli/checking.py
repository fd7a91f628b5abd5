"""`check-config`: the effective settings, and everything that is wrong with them."""

import argparse
import os
import sys
from collections.abc import Iterator
from itertools import groupby

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.cli.configuration import config_file
from iot_facerecognition_server.cli.models import configured_models
from iot_facerecognition_server.cli.outcome import ExitCode
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.config.loading import Origin, examine
from iot_facerecognition_server.gallery.reference_file import (
    ReferenceFile,
    ReferenceFileError,
    ReferenceFileMissingError,
)
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.server_identity import ServerIdentity
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenStore


def check(arguments: argparse.Namespace) -> int:
    """Print the settings and what is wrong with them."""
    path = config_file(arguments)
    found = examine(path, os.environ)
    print(f"# {path.resolve() if path else 'no config.ini here: using built-in defaults'}")
    for section, settings in groupby(found.settings, key=lambda held: held.setting.section):
        rows = [
            (f"{held.setting.key}={_line(held.text)}", _origin(held.origin)) for held in settings
        ]
        print(f"\n[{section}]\n{table(rows)}")
    for warning in found.config.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    problems = list(found.problems)
    unusable: list[str] = []
    if not problems:
        problems = list(_file_problems(found.config))
        unusable = list(_model_problems(found.config))
    _report(problems + unusable)
    if problems:
        return ExitCode.CONFIGURATION
    return ExitCode.MODELS if unusable else ExitCode.SUCCESS


def _report(problems: list[str]) -> None:
    print()
    sys.stdout.flush()
    for problem in problems:
        sys.stderr.write(f"wrong: {problem}\n")
    if not problems:
        print("everything is in order")


def _origin(origin: Origin) -> str:
    return "" if origin is Origin.FILE else f"# {origin}"


def _line(text: str) -> str:
    return "\\n".join(text.splitlines())


def _file_problems(config: Config) -> Iterator[str]:
    """Look at what the settings name, without making anything."""
    place = ServerIdentity(config)
    if not place.missing:
        try:
            server_tls(config)
        except CertificateError as error:
            yield str(error)
    if config.auth.mode == "token":
        try:
            TokenStore(config.token_file).list()
        except TokenFileError as error:
            yield str(error)
    yield from _reference_problems(config)


def _reference_problems(config: Config) -> Iterator[str]:
    references = ReferenceFile(config.dlib.reference_file)
    try:
        found = references.read()
        yield from found.problems
        for reference in found.people:
            for photo in map(references.locate, reference.photos):
                if not photo.is_file():
                    yield f"{references.path}: the photo {photo} of {reference.tag} is missing"
    except ReferenceFileMissingError:
        print(f"\n# {references.path} does not exist: everyone will be unknown")
    except ReferenceFileError as error:
        yield str(error)


def _model_problems(config: Config) -> Iterator[str]:
    for _, status in configured_models(config):
        if status.problem:
            yield status.problem
