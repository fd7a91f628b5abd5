"""`clients` and `say`: what a running server is asked."""

import argparse
import json
from typing import Any

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.serving.control_client import SOCKET_NAME, ControlError, ask
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenStore


def clients(arguments: argparse.Namespace) -> int:
    """List who is connected."""
    listed = _ask(arguments, {"do": "clients"})["clients"]
    if arguments.json:
        ids = _token_ids(read_config(arguments))
        print(json.dumps({"clients": [_described(client, ids) for client in listed]}))
    elif listed:
        rows = [
            tuple(str(c[key]) for key in ("name", "identity", "address", "version", "frames"))
            for c in listed
        ]
        print(table([("NAME", "IDENTITY", "ADDRESS", "PROTOCOL", "FRAMES"), *rows]))
    else:
        print("nobody is connected")
    return ExitCode.SUCCESS


def say(arguments: argparse.Namespace) -> int:
    """Send a message to one client's screen, or to all of them."""
    reached = _ask(arguments, {"do": "say", "text": arguments.text, "to": arguments.to})["reached"]
    if not reached:
        whom = f"client of the name or identity {arguments.to}" if arguments.to else "client"
        raise CommandFailedError(ExitCode.FAILURE, f"no {whom} is connected")
    print(f"sent to {reached} client{'s' if reached > 1 else ''}")
    return ExitCode.SUCCESS


def _described(client: dict[str, Any], token_ids: dict[str, str]) -> dict[str, Any]:
    """Return what programs get of a client.

    Its `credential` is the token's id, or the serial number of the certificate; null for a token
    that was revoked a moment ago, and for a client that has proved nothing.
    """
    credential = client.get("credential", "")
    serial = credential.rpartition("/")[2] if "/" in credential else None
    return client | {"credential": token_ids.get(credential, serial)}


def _token_ids(config: Config) -> dict[str, str]:
    """Return the tokens' ids by their hashes."""
    if config.auth.mode != "token":
        return {}
    try:
        return {token.sha256: token.id for token in TokenStore(config.token_file).list()}
    except TokenFileError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error


def _ask(arguments: argparse.Namespace, request: dict[str, Any]) -> dict[str, Any]:
    config = read_config(arguments)
    try:
        return ask(config.server.state_directory / SOCKET_NAME, request)
    except ControlError as error:
        raise CommandFailedError(ExitCode.FAILURE, str(error)) from error
