"""`token`: who may connect."""

import argparse
import sys

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenRequestError, TokenStore


def add(arguments: argparse.Namespace) -> int:
    """Make a token and print it."""
    config = read_config(arguments)
    try:
        token = TokenStore(config.token_file).add(arguments.name)
    except (TokenFileError, TokenRequestError) as error:
        raise _failed(error) from error
    print(token)
    _remind(config)
    return ExitCode.SUCCESS


def show(arguments: argparse.Namespace) -> int:
    """List the tokens that are valid."""
    config = read_config(arguments)
    try:
        tokens = TokenStore(config.token_file).list()
    except TokenFileError as error:
        raise _failed(error) from error
    if tokens:
        rows = [(token.id, f"{token.created:%Y-%m-%d %H:%M} UTC", token.name) for token in tokens]
        print(table([("ID", "CREATED", "NAME"), *rows]))
    else:
        print(f"there is no token in {config.token_file}")
    _remind(config)
    return ExitCode.SUCCESS


def revoke(arguments: argparse.Namespace) -> int:
    """Let a token be valid no more."""
    config = read_config(arguments)
    try:
        token = TokenStore(config.token_file).revoke(arguments.token)
    except (TokenFileError, TokenRequestError) as error:
        raise _failed(error) from error
    print(f"revoked {token.id} ({token.name})")
    return ExitCode.SUCCESS


def _failed(error: TokenFileError | TokenRequestError) -> CommandFailedError:
    asked_wrongly = isinstance(error, TokenRequestError)
    code = ExitCode.FAILURE if asked_wrongly else ExitCode.CONFIGURATION
    return CommandFailedError(code, str(error))


def _remind(config: Config) -> None:
    """Tell what the tokens are for now, where it does not mix with a token that is piped on."""
    if config.auth.mode != "token":
        sys.stderr.write(f"(with [Auth] Mode={config.auth.mode} the server asks for no token)\n")
