"""`token`: who may connect."""

import argparse
import sys

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.token_output import print_made, print_tokens
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.serving.control_client import (
    SOCKET_NAME,
    ControlError,
    NoServerError,
    ask,
)
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenRequestError, TokenStore


def add(arguments: argparse.Namespace) -> int:
    """Make a token and print it."""
    config = read_config(arguments)
    store = TokenStore(config.token_file)
    try:
        token = store.add(arguments.name, another=arguments.another)
        print_made(store, token, as_json=arguments.json)
    except (TokenFileError, TokenRequestError) as error:
        raise _failed(error) from error
    _remind(config)
    return ExitCode.SUCCESS


def show(arguments: argparse.Namespace) -> int:
    """List the tokens that are valid."""
    config = read_config(arguments)
    try:
        print_tokens(TokenStore(config.token_file), as_json=arguments.json)
    except TokenFileError as error:
        raise _failed(error) from error
    _remind(config)
    return ExitCode.SUCCESS


def revoke(arguments: argparse.Namespace) -> int:
    """Revoke tokens, and have a running server disconnect their clients."""
    config = read_config(arguments)
    try:
        revoked = TokenStore(config.token_file).revoke(arguments.token)
    except (TokenFileError, TokenRequestError) as error:
        raise _failed(error) from error
    for token in revoked:
        print(f"revoked {token.id} ({token.name})")
    _disconnect(config)
    return ExitCode.SUCCESS


def _disconnect(config: Config) -> None:
    """Let the server disconnect who is connected with what was revoked, where one runs."""
    path = config.server.state_directory / SOCKET_NAME
    if config.auth.mode != "token" or not path.is_socket():
        return
    try:
        answer = ask(path, {"do": "revoke"})
    except NoServerError as error:
        raise CommandFailedError(
            ExitCode.FAILURE,
            f"its clients may still be connected: {error} Send the server SIGHUP, or restart it",
        ) from error
    except ControlError as error:
        raise CommandFailedError(
            ExitCode.FAILURE, f"its clients may still be connected: {error}"
        ) from error
    count = answer["disconnected"]
    print(f"disconnected {count} client{'' if count == 1 else 's'}")


def _failed(error: TokenFileError | TokenRequestError) -> CommandFailedError:
    asked_wrongly = isinstance(error, TokenRequestError)
    code = ExitCode.FAILURE if asked_wrongly else ExitCode.CONFIGURATION
    return CommandFailedError(code, str(error))


def _remind(config: Config) -> None:
    """Tell what the tokens are for now, where it does not mix with a token that is piped on."""
    if config.auth.mode != "token":
        sys.stderr.write(f"(with [Auth] Mode={config.auth.mode} the server asks for no token)\n")
