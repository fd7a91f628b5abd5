"""A real TLS server whose answers a test decides on."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from iot_facerecognition_protocol import (
    SUBPROTOCOL_V2,
    Command,
    Face,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    Message,
    ObjectLabel,
    ObjectsFound,
    Setting,
    Text,
    decode,
    encode,
)


class Recogniser:
    """A real TLS WebSocket server of version 2 with one client, whose answers the test decides on.

    It echoes settings (label counts at most `most_labels`) and answers every frame with `faces` and
    `objects`; what it got stands in its lists.
    """

    def __init__(self, certificate: tuple[Path, Path, str]) -> None:
        self.certificate_file, self._key_file, self.fingerprint = certificate
        self.faces: tuple[Face, ...] = ()
        self.objects: tuple[ObjectLabel, ...] = ()
        self.object_threshold = 0.25
        self.most_labels = 1000
        self.echoes = True
        self.pings = True
        self.frames: list[bytes] = []
        self.settings: list[Setting] = []
        self.texts: list[str] = []
        self.health: list[Health] = []
        self.tokens: list[str | None] = []
        self.connections = 0
        self._websocket: ServerConnection | None = None
        self._news = asyncio.Condition()
        self._port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, again on the same port after a stop."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self._key_file)
        self._server = await serve(
            self._work,
            "127.0.0.1",
            self._port,
            ssl=context,
            subprotocols=[Subprotocol(SUBPROTOCOL_V2)],
            compression=None,
            ping_interval=20 if self.pings else None,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Close every connection, and the port."""
        self._server.close()
        await self._server.wait_closed()

    @property
    def access(self) -> dict[str, Any]:
        """The settings by which an appliance finds it."""
        return {
            "connection.address": "127.0.0.1",
            "connection.port": self._port,
            "connection.fingerprint": self.fingerprint,
        }

    async def say(self, message: Message) -> None:
        """Send a message to the client."""
        assert self._websocket is not None
        await self._websocket.send(encode(message))

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for messages until `condition` holds."""
        async with self._news:
            await self._news.wait_for(condition)

    async def _work(self, websocket: ServerConnection) -> None:
        self._websocket = websocket
        self.connections += 1
        assert websocket.request is not None
        self.tokens.append(websocket.request.headers.get("Authorization"))
        number = 0
        with suppress(ConnectionClosed):
            await self.say(InitRequest())
            async for message in websocket:
                if isinstance(message, bytes):
                    number += 1
                    await self._answer(message, number)
                else:
                    await self._take(decode(message))
                async with self._news:
                    self._news.notify_all()

    async def _answer(self, jpeg: bytes, number: int) -> None:
        self.frames.append(jpeg)
        await self.say(FacesFound(self.faces, number))
        await self.say(ObjectsFound(self.objects, number))
        await self.say(FrameDone(number, FrameStatus.PROCESSED, 1.0, 2.0))

    async def _take(self, message: Message) -> None:
        match message:
            case Setting(command, value):
                self.settings.append(message)
                if command is Command.SETTING_LABELCOUNT:
                    assert isinstance(value, int)
                    value = min(value, self.most_labels)
                if value is None:
                    value = self.object_threshold
                if self.echoes:
                    await self.say(Setting(command, value))
            case Text(text):
                self.texts.append(text)
            case Health():
                self.health.append(message)
