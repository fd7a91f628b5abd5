"""`clients` and `say`: what a running server is asked."""

import argparse
from typing import Any

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.serving.control_client import SOCKET_NAME, ControlError, ask


def clients(arguments: argparse.Namespace) -> int:
    """List who is connected."""
    listed = _ask(arguments, {"do": "clients"})["clients"]
    if listed:
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


def _ask(arguments: argparse.Namespace, request: dict[str, Any]) -> dict[str, Any]:
    config = read_config(arguments)
    try:
        return ask(config.server.state_directory / SOCKET_NAME, request)
    except ControlError as error:
        raise CommandFailedError(ExitCode.FAILURE, str(error)) from error
