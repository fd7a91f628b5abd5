"""`api-token`: which programs may read the HTTP API."""

import argparse

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.token_output import print_made, print_tokens
from iot_facerecognition_server.trust.api_tokens import ApiTokenStore
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenRequestError


def add(arguments: argparse.Namespace) -> int:
    """Make a token and print it."""
    store = _store(arguments)
    try:
        print_made(store, store.add(arguments.name), as_json=arguments.json)
    except (TokenFileError, TokenRequestError) as error:
        raise _failed(error) from error
    return ExitCode.SUCCESS


def show(arguments: argparse.Namespace) -> int:
    """List the tokens that are valid."""
    try:
        print_tokens(_store(arguments), as_json=arguments.json)
    except TokenFileError as error:
        raise _failed(error) from error
    return ExitCode.SUCCESS


def revoke(arguments: argparse.Namespace) -> int:
    """Revoke a token."""
    try:
        revoked = _store(arguments).revoke(arguments.token)
    except (TokenFileError, TokenRequestError) as error:
        raise _failed(error) from error
    for token in revoked:
        print(f"revoked {token.id} ({token.name})")
    return ExitCode.SUCCESS


def _store(arguments: argparse.Namespace) -> ApiTokenStore:
    return ApiTokenStore(read_config(arguments).api_token_file)


def _failed(error: TokenFileError | TokenRequestError) -> CommandFailedError:
    asked_wrongly = isinstance(error, TokenRequestError)
    code = ExitCode.FAILURE if asked_wrongly else ExitCode.CONFIGURATION
    return CommandFailedError(code, str(error))
