"""A client made of nothing but a WebSocket, which writes down every message both ways."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.trust import Trust

SUBPROTOCOL = "iot-facerecognition.v2"
INIT_REQUEST, FRAME_DONE, ERROR = 9, 10, 11
SECONDS = 30.0
"""How long one answer may take."""
SHOWN_HEADERS = {"authorization", "connection", "host", "server", "upgrade", "www-authenticate"}
"""Headers that are written down, next to those of the WebSocket handshake."""
SHOWN_TEXT = 160
"""Characters of a message that are written down; of a longer one, the begin and its size."""


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
        """Write down a message; of a binary or very long one, hardly more than its size."""
        if isinstance(content, bytes):
            kind = "JPEG" if content.startswith(b"\xff\xd8") else "no JPEG"
            content = f"<{kind}, {len(content):,} bytes>"
        elif who == "C" and len(content) > SHOWN_TEXT:
            content = f"{content[:40]}… <{len(content.encode()):,} bytes of text>"
        self.lines.append(f"{who}: {content}")

    def remark(self, text: str) -> None:
        """Write down what comes now."""
        self.lines += ["", f"# {text}"] if self.lines else [f"# {text}"]

    def markdown(self) -> str:
        """Return everything as a fenced block."""
        return "\n".join(["```text", *self.lines, "```"])


@dataclass(frozen=True, slots=True)
class Where:
    """A server, and how a client gets in."""

    server: ServerAddress
    trust: Trust
    token: str | None

    def without_token(self) -> "Where":
        """Return the same for a client that has no token."""
        return replace(self, token=None)

    def connect(self, subprotocols: list[Subprotocol] | None) -> connect:
        """Return a connection, to be entered."""
        return connect(
            self.server.url,
            ssl=self.trust.context(),
            subprotocols=subprotocols,
            additional_headers={"Authorization": f"Bearer {self.token}"} if self.token else None,
            user_agent_header=None,
            compression=None,
            proxy=None,
            open_timeout=SECONDS,
        )


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
