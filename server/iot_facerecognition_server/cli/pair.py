"""`pair`: a QR code and a short code, by which a new device gets its token."""

import argparse
import ipaddress
import sys
from typing import Any, Final

from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words
from iot_facerecognition_protocol.pairing.code import PairingCode
from iot_facerecognition_protocol.pairing.text import (
    PairingText,
    PairingTextError,
    format_pairing_text,
)
from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.qr_code import qr_code
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.config.kinds import PublicAddress
from iot_facerecognition_server.own_container import container_id
from iot_facerecognition_server.serving.control_client import (
    SOCKET_NAME,
    ControlConnection,
    ControlError,
    ask,
)
from iot_facerecognition_server.trust.host_names import reachable_addresses
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenStore

_MINUTE: Final = 60
_GRACE: Final = 60.0
"""Seconds that a device may still be pairing when its code expires, and more."""
_SENTENCES: Final = {
    "paired": "{name} is paired, from {detail}: its token is in the list of `token list`",
    "expired": "the code has expired: nobody paired",
    "guessed": "the code is void: {detail} were made. Somebody may be guessing, see the log",
    "withdrawn": "the code was withdrawn",
    "failed": "{name} knew the code and did not get its token: {detail}. Run `pair` again",
}


def pair(arguments: argparse.Namespace) -> int:
    """Have the running server make a code, show it, and wait until a device has used it."""
    config = read_config(arguments)
    _check(config, arguments.name)
    host, port = _address(config, arguments.host)
    try:
        with ControlConnection(config.server.state_directory / SOCKET_NAME) as server:
            request = {"do": "pair", "name": arguments.name, "seconds": arguments.minutes * _MINUTE}
            offer = server.ask(request)
            _show(arguments, offer, host, port or int(offer["port"]))
            if arguments.no_wait:
                return ExitCode.SUCCESS
            return _wait(config, server, arguments)
    except ControlError as error:
        raise CommandFailedError(ExitCode.FAILURE, str(error)) from error


def _check(config: Config, name: str) -> None:
    """Refuse what could only fail when the device has done its part."""
    if config.auth.mode == "mtls":
        raise CommandFailedError(
            ExitCode.CONFIGURATION,
            "with [Auth] Mode=mtls a device is let in by its certificate, and there is no token to"
            " give it; docs/client-certificates.md tells how it gets one",
        )
    if config.auth.mode != "token":
        return
    try:
        taken = any(
            name in {token.name, token.id} for token in TokenStore(config.token_file).list()
        )
    except TokenFileError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error
    if taken:
        raise CommandFailedError(
            ExitCode.FAILURE,
            f"there is a token called {name} already; revoke it first or choose another name",
        )


def _address(config: Config, given: str | None) -> tuple[str, int | None]:
    """Return the host and, where one was set, the port that devices are to connect to."""
    text = given or config.connection.public_address
    if text:
        try:
            return PublicAddress().split(text)
        except ValueError:
            raise CommandFailedError(
                ExitCode.CONFIGURATION, f"--host takes {PublicAddress().allowed}, not {text!r}"
            ) from None
    bind = config.connection.bind
    if bind and not _is_any(bind):
        return bind, None
    addresses = reachable_addresses()
    if not addresses:
        raise CommandFailedError(
            ExitCode.FAILURE,
            "this machine has no address but the loopback's: say by which one devices reach it,"
            " with --host HOST or [Connection] PublicAddress",
        )
    if container_id() is not None:
        sys.stderr.write(
            f"(this is a container: {addresses[0]} is its own address, which devices may not reach;"
            " say the machine's, with --host HOST or [Connection] PublicAddress)\n"
        )
    return str(addresses[0]), None


def _is_any(bind: str) -> bool:
    """Return whether a server that listens there listens on all addresses."""
    try:
        return ipaddress.ip_address(bind).is_unspecified
    except ValueError:
        return False


def _show(arguments: argparse.Namespace, offer: dict[str, Any], host: str, port: int) -> None:
    try:
        pairing = PairingText(host, offer["fingerprint"], port, code=offer["code"])
    except PairingTextError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, f"--host: {error}") from error
    text = format_pairing_text(pairing)
    if sys.stdout.isatty() or arguments.qr:
        print(qr_code(text))
    shown_host = f"[{host}]" if ":" in host else host
    groups = fingerprint_groups(offer["fingerprint"])
    half = len(groups) // 2
    print(
        f"Show the QR code to the device's camera, or type at the device within"
        f" {arguments.minutes:g} minutes:\n"
        f"\n  address  {shown_host}:{port}"
        f"\n  code     {PairingCode(offer['code'])}\n"
        f"\nThe certificate, should a device ask:\n"
        f"\n  words    {' '.join(fingerprint_words(offer['fingerprint']))}"
        f"\n  digits   {' '.join(groups[:half])}"
        f"\n           {' '.join(groups[half:])}\n"
        f"\nAll of it in one line, for a device without camera and screen:\n\n  {text}\n",
        flush=True,
    )


def _wait(config: Config, server: ControlConnection, arguments: argparse.Namespace) -> int:
    name = arguments.name
    print("waiting for the device; Ctrl-C withdraws the code", flush=True)
    try:
        seconds = arguments.minutes * _MINUTE + _GRACE
        answer = server.ask({"do": "pairing", "name": name}, seconds)
    except KeyboardInterrupt:
        ask(config.server.state_directory / SOCKET_NAME, {"do": "unpair", "name": name})
        raise
    sentence = _SENTENCES[answer["outcome"]].format(name=name, detail=answer["detail"])
    if answer["outcome"] != "paired":
        raise CommandFailedError(ExitCode.FAILURE, sentence)
    print(sentence)
    return ExitCode.SUCCESS
