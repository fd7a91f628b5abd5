"""Records a conversation with a server as Markdown, for the end of `docs/protocol.md`.

A version 2 client made of nothing but a WebSocket: it asks for settings, reports its health, sends
one photo and something that is no command, leaves, and writes down every message both ways.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.trust import CaFile, Fingerprint, Trust, TrustError

BEGIN = "<!-- recorded session -->"
END = "<!-- end of recorded session -->"

SUBPROTOCOL = "iot-facerecognition.v2"
INIT_REQUEST, FRAME_DONE, ERROR = 9, 10, 11
SETTINGS: tuple[tuple[int, str | int | bool], ...] = (
    (1, "front door"),
    (5, True),
    (6, 100_000),
    (6, 3),
    (7, False),
    (8, True),
)
HEALTH = {"version": "1.0.0", "cpu_temperature": 51.5, "uptime": 86412.5, "capture_fps": 15.0}
NO_COMMAND = "good morning"
SECONDS = 30.0
"""How long one answer may take."""
SHOWN_HEADERS = {"authorization", "connection", "host", "server", "upgrade", "www-authenticate"}
"""Headers that are written down, beside those of the WebSocket handshake."""


class RecordingError(Exception):
    """The session did not go as it should; the message says where."""


@dataclass(slots=True)
class Transcript:
    """What was said, one line a message."""

    lines: list[str] = field(default_factory=list)

    def head(self, who: str, first: str, headers: Headers) -> None:
        """Write down an HTTP head, without the token."""
        self.lines.append(f"{who}: {first}")
        for name, value in headers.raw_items():
            if name.lower() == "authorization":
                value = "Bearer ************"  # noqa: PLW2901 - the secret ends here
            if name.lower() in SHOWN_HEADERS or name.lower().startswith("sec-websocket-"):
                self.lines.append(f"{who}: {name}: {value}")
        self.lines.append("")

    def message(self, who: str, content: str | bytes) -> None:
        """Write down a message; of a binary one, only its size."""
        shown = f"<JPEG, {len(content):,} bytes>" if isinstance(content, bytes) else content
        self.lines.append(f"{who}: {shown}")

    def markdown(self) -> str:
        """Return everything as a fenced block."""
        return "\n".join(["```text", *self.lines, "```"])


class Recorder:
    """Talks over an open WebSocket and writes everything down."""

    def __init__(self, websocket: ClientConnection, transcript: Transcript) -> None:
        self._websocket = websocket
        self._transcript = transcript

    async def say(self, content: str | bytes) -> None:
        """Send one message."""
        self._transcript.message("C", content)
        await self._websocket.send(content)

    async def command(self, number: int, context: object) -> None:
        """Send one command."""
        await self.say(json.dumps({"command": number, "context": context}, separators=(",", ":")))

    async def until(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Listen up to and with the first message that is `wanted`."""
        while True:
            try:
                async with asyncio.timeout(SECONDS):
                    content = await self._websocket.recv()
            except TimeoutError:
                raise RecordingError(f"{what} did not come within {SECONDS:g} s") from None
            except ConnectionClosed as closed:
                raise RecordingError(f"instead of {what}: {closed}") from None
            self._transcript.message("S", content)
            if wanted(json.loads(content)):
                return

    async def until_command(self, number: int) -> None:
        """Listen up to the first message with this command."""
        await self.until(lambda message: message["command"] == number, f"command {number}")


async def record(server: ServerAddress, trust: Trust, token: str | None, jpeg: bytes) -> str:
    """Hold the conversation and return it as Markdown.

    Raises RecordingError, and what `websockets` raises when there is no connection.
    """
    transcript = Transcript()
    async with connect(
        server.url,
        ssl=trust.context(),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers={"Authorization": f"Bearer {token}"} if token else None,
        user_agent_header=None,
        compression=None,
        proxy=None,
        open_timeout=SECONDS,
    ) as websocket:
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


def insert(page: str, markdown: str) -> str:
    """Return `page` with `markdown` between the markers. Raises RecordingError without them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RecordingError(f"the page has no {BEGIN} followed by {END}")
    return f"{before}{begin}\n{markdown}\n{end}{after}"


def _read_jpeg(path: Path) -> bytes:
    jpeg = path.read_bytes()
    if not jpeg.startswith(b"\xff\xd8"):
        raise RecordingError(f"{path} is no JPEG")
    return jpeg


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.record_session", description=__doc__)
    parser.add_argument("server", type=ServerAddress.parse, help="HOST, HOST:PORT or wss://…")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--ca", type=Path, help="PEM file that vouches for the server")
    trust.add_argument("--fingerprint", help="SHA-256 of the server's certificate")
    parser.add_argument("--token-file", type=Path, help="file that holds the token")
    parser.add_argument("--photo", type=Path, required=True, help="the JPEG to send")
    parser.add_argument("--into", type=Path, help="page to put it into, instead of printing it")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record as the command line says; return the exit code."""
    asked = _arguments(arguments)
    try:
        jpeg = _read_jpeg(asked.photo)
        token = asked.token_file.read_text().strip() if asked.token_file else None
        trust = CaFile(asked.ca) if asked.ca else Fingerprint(asked.fingerprint)
        markdown = asyncio.run(record(asked.server, trust, token, jpeg))
        if asked.into is None:
            print(markdown)
        else:
            asked.into.write_text(insert(asked.into.read_text("utf-8"), markdown), "utf-8")
    except (RecordingError, TrustError, InvalidHandshake, OSError) as error:
        print(f"record_session: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
