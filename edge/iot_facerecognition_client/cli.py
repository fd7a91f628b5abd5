"""The command `iot-facerecognition-client`: the original's arguments, and more."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from iot_facerecognition_client.address import DEFAULT_PORT, ServerAddress, split_address
from iot_facerecognition_client.client import Client
from iot_facerecognition_client.face_recognition import FaceRecognition
from iot_facerecognition_client.headless import Headless
from iot_facerecognition_client.report import json_line, readable_line
from iot_facerecognition_client.signals import END_SIGNALS, end_at_once, interrupt_once
from iot_facerecognition_client.sources import FrameSource, SourceError, open_source
from iot_facerecognition_client.sources.selection import FORMS
from iot_facerecognition_client.trust import (
    CaFile,
    Fingerprint,
    NoVerification,
    SystemTrust,
    Trust,
    TrustError,
)
from iot_facerecognition_protocol import SessionSettings
from iot_facerecognition_protocol.system.command import as_command

TOKEN_VARIABLE = "IOT_FACERECOGNITION_TOKEN"  # noqa: S105 - a name, not a token

FAILED = 1

_AROUND = "\ufeff \t\r\n"
"""What is no part of a token: editors put a byte order mark before it and a line's end behind."""

_CAPTURE_SIZE, _TARGET_SIZE = (1920, 1080), (1280, 720)
"""The original's defaults."""

_DESCRIPTION = """\
Stream a camera, images or a video to a recognition server and show what it finds: in a
window, or with --headless as lines of text."""

_EPILOG = f"""\
The server prints its fingerprint and a first token when it starts for the first time;
later, `iot-facerecognition-server cert show` and `token add` do. A token on the command
line can be seen by other users of this machine: {TOKEN_VARIABLE} or --token-file keep it.

examples:
  iot-facerecognition-client kitchen 192.168.1.20 50000 --fingerprint sha256:… --token-file token
  iot-facerecognition-client demo localhost 50000 --headless --source moving:photos --cafile ca.pem
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 when it failed, 2 for wrong arguments."""
    return as_command(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    parser = _make_parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        trust = _trust(options)
        token = _token(options)
        server = _server(options)
        source = _source(options)
        if not (options.headless or options.json):
            _show(options, server, token, source)
            return 0
        settings = SessionSettings().renamed(options.name)
        client = Client(server, trust=trust, token=token, settings=settings)
        lines = json_line if options.json else readable_line
        states = sys.stdout if options.json else sys.stderr
        headless = Headless(
            client, source, lines, output=sys.stdout, states=states, notes=sys.stderr
        )
        return FAILED if asyncio.run(headless.run(options.duration)) else 0
    except (TrustError, ValueError) as error:
        parser.error(str(error))
    except BrokenPipeError:
        raise  # nobody reads what is printed, nor why it ends
    except (SourceError, ConnectionError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return FAILED


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iot-facerecognition-client",
        usage=(
            "%(prog)s [name [address [port [capwidth capheight [targetwidth targetheight]]]]] "
            "[options]"
        ),
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", default="default", help="how the server calls it")
    parser.add_argument("address", nargs="?", default="localhost", help="the server's host[:port]")
    parser.add_argument("port", nargs="?", type=int, help="(50000)")
    parser.add_argument("capwidth", nargs="?", type=int, help="pixels asked of the camera (1920)")
    parser.add_argument("capheight", nargs="?", type=int, help="(1080)")
    parser.add_argument("targetwidth", nargs="?", type=int, help="pixels that are sent (1280)")
    parser.add_argument("targetheight", nargs="?", type=int, help="(720)")
    proof = parser.add_argument_group("proof of the server, and to the server")
    kinds = proof.add_mutually_exclusive_group()
    kinds.add_argument("--fingerprint", metavar="SHA256", help="pin the server's certificate")
    kinds.add_argument("--cafile", type=Path, metavar="PEM", help="trust this CA or certificate")
    kinds.add_argument("--insecure", action="store_true", help="trust whoever answers")
    tokens = proof.add_mutually_exclusive_group()
    tokens.add_argument("--token", help=f"token for the server (or {TOKEN_VARIABLE})")
    tokens.add_argument("--token-file", type=Path, metavar="FILE", help="file with the token")
    pictures = parser.add_argument_group("pictures")
    pictures.add_argument("--source", default="webcam", help=FORMS)
    pictures.add_argument("--fps", type=float, help="frames a second (the source's own rate)")
    pictures.add_argument("--quality", type=int, default=80, help="of JPEG, 1 to 100 (80)")
    output = parser.add_argument_group("output")
    output.add_argument("--headless", action="store_true", help="lines of text, no window")
    output.add_argument("--json", action="store_true", help="headless, one JSON object a line")
    output.add_argument("--duration", type=float, metavar="SECONDS", help="end by itself")
    parser.add_argument("--version", action="version", version=version("iot-facerecognition"))
    return parser


def _server(options: argparse.Namespace) -> ServerAddress:
    """Return where the server listens. Raises ValueError, also for two different ports."""
    host, named = split_address(options.address)
    if None not in {named, options.port} and named != options.port:
        raise ValueError(f"the address names port {named}, and port {options.port} was given too")
    port = options.port if named is None else named
    return ServerAddress(host, DEFAULT_PORT if port is None else port)


def _trust(options: argparse.Namespace) -> Trust:
    """Return how the server proves itself. Raises TrustError."""
    if options.fingerprint:
        return Fingerprint(options.fingerprint)
    if options.cafile:
        return CaFile(options.cafile)
    return NoVerification() if options.insecure else SystemTrust()


def _token(options: argparse.Namespace) -> str | None:
    """Return the token from wherever it was given. Raises ValueError for an unreadable file."""
    if options.token_file is None:
        given: str = options.token or os.environ.get(TOKEN_VARIABLE) or ""
        return given.strip(_AROUND) or None
    try:
        text: str = options.token_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"token file {options.token_file} cannot be read as UTF-8 text: {error}"
        ) from None
    return text.strip(_AROUND)


def _sizes(options: argparse.Namespace) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return what to capture and what to send, width and height. Raises ValueError."""
    capture = (options.capwidth, options.capheight)
    target = (options.targetwidth, options.targetheight)
    for size, names in ((capture, "capwidth"), (target, "targetwidth")):
        if size[0] is not None and size[1] is None:
            raise ValueError(f"{names} needs a height next to it")
        if any(side is not None and side < 1 for side in size):
            raise ValueError(f"a picture is at least one pixel wide and high, not {size}")
    return (
        (capture[0] or _CAPTURE_SIZE[0], capture[1] or _CAPTURE_SIZE[1]),
        (target[0] or _TARGET_SIZE[0], target[1] or _TARGET_SIZE[1]),
    )


def _source(options: argparse.Namespace) -> FrameSource:
    """Return the source of pictures. Raises SourceError, ValueError."""
    capture, target = _sizes(options)
    return open_source(
        options.source, capture_size=capture, size=target, fps=options.fps, quality=options.quality
    )


def _show(
    options: argparse.Namespace, server: ServerAddress, token: str | None, source: FrameSource
) -> None:
    """Show everything in a window until it is closed. Raises SourceError, ConnectionError."""
    recognition = FaceRecognition(
        options.name,
        server.host,
        server.port,
        *source.size,
        guienabled=True,
        allowselfsign=options.insecure,
        token=token,
        fingerprint=options.fingerprint,
        cafile=options.cafile,
        source=source,
    )
    for number in END_SIGNALS:
        signal.signal(number, interrupt_once)
    try:
        recognition.connect()
        recognition.start()
        recognition.join(options.duration)
    except KeyboardInterrupt:
        pass
    finally:
        end_at_once()
        recognition.close()
