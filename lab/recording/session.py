"""Records conversations with a server as Markdown, for the end of `docs/protocol.md`.

A version 2 client made of nothing but a WebSocket: it asks for settings, reports its health, sends
one photo and something that is no command, leaves, and writes down every message both ways. With
`--trouble CONFIG` it is the other session (`lab/recording/trouble.py`).
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.trust import CaFile, Fingerprint, TrustError
from lab.recording.conversation import (
    ERROR,
    FRAME_DONE,
    INIT_REQUEST,
    SUBPROTOCOL,
    Recorder,
    RecordingError,
    Transcript,
    Where,
)
from lab.recording.trouble import record_trouble

BEGIN = "<!-- recorded session -->"
END = "<!-- end of recorded session -->"
BEGIN_TROUBLE = "<!-- recorded trouble -->"
END_TROUBLE = "<!-- end of recorded trouble -->"

SETTINGS: tuple[tuple[int, str | int | bool | float], ...] = (
    (1, "front door"),
    (5, True),
    (6, 100_000),
    (6, 3),
    (7, False),
    (8, True),
    (15, 0.2),
)
HEALTH = {"version": "1.0.0", "cpu_temperature": 51.5, "uptime": 86412.5, "capture_fps": 15.0}
NO_COMMAND = "good morning"


async def record(where: Where, jpeg: bytes) -> str:
    """Hold the conversation and return it as Markdown.

    Raises RecordingError, and what `websockets` raises when there is no connection.
    """
    transcript = Transcript()
    async with where.connect([Subprotocol(SUBPROTOCOL)]) as websocket:
        request, response = websocket.request, websocket.response
        if request is None or response is None or websocket.subprotocol != SUBPROTOCOL:
            raise RecordingError(f"the server does not speak {SUBPROTOCOL}")
        transcript.head("C", f"GET {request.path} HTTP/1.1", request.headers)
        status = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        transcript.head("S", status, response.headers)
        await _converse(Recorder(websocket, transcript), jpeg)
    transcript.lines.append(f"C: <close {websocket.close_code}>")
    return transcript.markdown()


async def _converse(recorder: Recorder, jpeg: bytes) -> None:
    await recorder.until_command(INIT_REQUEST)
    for number, value in SETTINGS:
        await recorder.command(number, value)
        await recorder.until_command(number)
    await recorder.command(12, HEALTH)
    await recorder.say(jpeg)
    await recorder.until(
        lambda message: message["command"] == FRAME_DONE and message["context"]["frame"] == 1,
        "FRAME_DONE of frame 1",
    )
    await recorder.say(NO_COMMAND)
    await recorder.until_command(ERROR)


def insert(page: str, markdown: str, markers: tuple[str, str] = (BEGIN, END)) -> str:
    """Return `page` with `markdown` between the markers. Raises RecordingError without them."""
    before, begin, rest = page.partition(markers[0])
    _, end, after = rest.partition(markers[1])
    if not begin or not end:
        raise RecordingError(f"the page has no {markers[0]} followed by {markers[1]}")
    return f"{before}{begin}\n{markdown}\n{end}{after}"


def _read_jpeg(path: Path) -> bytes:
    jpeg = path.read_bytes()
    if not jpeg.startswith(b"\xff\xd8"):
        raise RecordingError(f"{path} is no JPEG")
    return jpeg


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.recording.session", description=__doc__)
    parser.add_argument("server", type=ServerAddress.parse, help="HOST, HOST:PORT or wss://…")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--ca", type=Path, help="PEM file that vouches for the server")
    trust.add_argument("--fingerprint", help="SHA-256 of the server's certificate")
    parser.add_argument("--token-file", type=Path, help="file that holds the token")
    parser.add_argument("--photo", type=Path, required=True, help="the JPEG to send")
    parser.add_argument(
        "--trouble", type=Path, metavar="CONFIG", help="the other session; the server's config.ini"
    )
    parser.add_argument("--into", type=Path, help="page to put it into, instead of printing it")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record as the command line says; return the exit code."""
    asked = _arguments(arguments)
    try:
        jpeg = _read_jpeg(asked.photo)
        token = asked.token_file.read_text().strip() if asked.token_file else None
        trust = CaFile(asked.ca) if asked.ca else Fingerprint(asked.fingerprint)
        where = Where(asked.server, trust, token)
        markers = (BEGIN, END) if asked.trouble is None else (BEGIN_TROUBLE, END_TROUBLE)
        if asked.trouble is None:
            markdown = asyncio.run(record(where, jpeg))
        else:
            markdown = asyncio.run(record_trouble(where, jpeg, asked.trouble))
        if asked.into is None:
            print(markdown)
        else:
            page = asked.into.read_text("utf-8")
            asked.into.write_text(insert(page, markdown, markers), "utf-8")
    except (RecordingError, TrustError, InvalidHandshake, OSError) as error:
        print(f"record_session: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
