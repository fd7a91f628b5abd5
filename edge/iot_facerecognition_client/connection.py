"""One connection: a socket around a `Conversation`."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, MutableMapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.conversation import Conversation
from iot_facerecognition_client.events import Event, FacesResult, ObjectsResult
from iot_facerecognition_client.failures import closing_failure
from iot_facerecognition_client.masking import mask_by_tables
from iot_facerecognition_client.status import Failure, Reason
from iot_facerecognition_protocol import CREDIT_SECONDS, SUBPROTOCOL_V2, Version
from iot_facerecognition_protocol.records import dataclass

_NOTHING_TO_SEND = (FacesResult, ObjectsResult)
"""What was received that frees no credit: two of the three messages that answer a frame."""
_UNSENT_BYTES = 16 * 1024
"""Bytes that may wait in this machine before the next frame has to: a fraction of one frame."""


@dataclass(frozen=True, slots=True)
class Timing:
    """A client's patience, in seconds."""

    connect_timeout: float = 10.0
    """For reaching the server and both handshakes."""
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    send_timeout: float = 20.0
    """For the server to take one message."""
    stall_timeout: float = 30.0
    """For news of any frame that is under way; version 2 only."""
    credit_timeout: float = CREDIT_SECONDS
    """For the end of one frame; then another may take its place in the window."""
    stable_after: float = 30.0
    """A connection that lasted this long resets the back-off."""
    init_patience: float = 2.0
    """For the server to ask for the settings; afterwards they are sent unasked."""
    close_timeout: float = 3.0


class WatchedWebSocket(ClientConnection):
    """A WebSocket that remembers when its peer was last heard: any byte, the answer to a ping too.

    Messages would not do: a server has none for a client that sends no frames. But it answers a
    ping every `Timing.ping_interval`, or the connection ends.
    """

    last_received: float | None = None
    """The loop's time, which is monotonic; None before the first byte."""

    def data_received(self, data: bytes) -> None:
        """Take in bytes from the transport."""
        self.last_received = self.loop.time()
        super().data_received(data)


class _TokenlessLog(logging.LoggerAdapter[logging.Logger]):
    """The WebSocket library's log, which shows request headers when debugging, without tokens."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if "Authorization" in args:
            args = tuple(a if a == "Authorization" else "(not shown)" for a in args)
        super().log(level, msg, *args, **kwargs)

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, kwargs


async def open_websocket(
    server: ServerAddress,
    context: ssl.SSLContext,
    token: str | None,
    timing: Timing,
    subprotocol: str = SUBPROTOCOL_V2,
) -> WatchedWebSocket:
    """Connect to `server`; the token goes out only after `context` accepted the certificate.

    Raises what `failures.opening_failure` explains.
    """
    mask_by_tables()
    websocket = await connect(
        server.url,
        ssl=context,
        # Said explicitly, so that no redirect can lead a token elsewhere.
        host=server.host,
        port=server.port,
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers={"Authorization": f"Bearer {token}"} if token else None,
        compression=None,  # JPEG does not shrink; results are small
        proxy=None,  # no face leaves by a way that nobody chose
        open_timeout=timing.connect_timeout,
        ping_interval=timing.ping_interval,
        ping_timeout=timing.ping_timeout,
        close_timeout=timing.close_timeout,
        write_limit=_UNSENT_BYTES,
        logger=_TokenlessLog(logging.getLogger("websockets.client")),
        create_connection=WatchedWebSocket,
    )
    assert isinstance(websocket, WatchedWebSocket)
    _hold_little(websocket)
    return websocket


def _hold_little(websocket: ClientConnection) -> None:
    """Keep megabytes of frames out of the kernel's send buffer, where they would only grow old."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        transport_socket = websocket.transport.get_extra_info("socket")
        transport_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)


class Connection:
    """Moves messages between an open WebSocket and its conversation until the connection ends."""

    def __init__(
        self,
        websocket: WatchedWebSocket,
        conversation: Conversation,
        *,
        server: ServerAddress,
        timing: Timing,
        clock: Callable[[], float],
        publish: Callable[[Event], None],
    ) -> None:
        self._websocket = websocket
        self._conversation = conversation
        self._server = server
        self._timing = timing
        self._clock = clock
        self._publish = publish
        self._news = asyncio.Event()
        self._asked = asyncio.Event()

    @property
    def silence(self) -> float:
        """Seconds since the server was last heard, be it the answer to a ping."""
        heard = self._websocket.last_received
        return 0.0 if heard is None else self._websocket.loop.time() - heard

    def wake(self) -> None:
        """Look at the conversation again: there may be something to send."""
        self._news.set()

    async def run(self) -> Failure:
        """Work until the connection ends and return why. Cancelled, it closes politely."""
        parts = {asyncio.create_task(p) for p in (self._read(), self._write(), self._watch())}
        failure = None
        try:
            while failure is None:
                done, pending = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                failure = next((f for part in done if (f := part.result()) is not None), None)
                parts = pending if failure is None else parts
            return failure
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            if failure is not None and failure.reason is Reason.STALLED:
                self._websocket.transport.abort()  # a good-bye would wait for its turn in vain
            await self._websocket.close()

    async def _read(self) -> Failure:
        try:
            while True:
                event = self._conversation.receive(await self._websocket.recv(), self._clock())
                if self._conversation.begun:
                    self._asked.set()
                if not isinstance(event, _NOTHING_TO_SEND):
                    self._news.set()
                if event is not None:
                    self._publish(event)
        except ConnectionClosed as error:
            conversation = self._conversation
            return closing_failure(error, self._server, conversation.last_error, conversation.drain)

    async def _write(self) -> Failure | None:
        """Send what the conversation wants said; the end of the connection is left to `_read`."""
        try:
            async with asyncio.timeout(self._timing.init_patience):
                await self._asked.wait()
        except TimeoutError:
            self._conversation.begin()
        while True:
            self._news.clear()
            while (message := self._conversation.next_message(self._clock())) is not None:
                try:
                    async with asyncio.timeout(self._timing.send_timeout):
                        await self._deliver(message)
                except TimeoutError:
                    seconds = f"{self._timing.send_timeout:g} s"
                    text = f"{self._server} took no data for {seconds}: network or server is stuck"
                    return Failure(Reason.STALLED, text)
                except ConnectionClosed:
                    return None
                if (sent := self._conversation.delivered()) is not None:
                    self._publish(sent)
            await self._news.wait()

    async def _deliver(self, message: str | bytes) -> None:
        await self._websocket.send(message)
        no_credit = self._conversation.version is Version.V1 and isinstance(message, bytes)
        if no_credit or self._conversation.wants_receipt:
            # No credit in version 1, and over TLS asyncio calls a transport drained that still
            # holds a whole frame: the answer to a ping is what tells that the server has it.
            await (await self._websocket.ping())

    async def _watch(self) -> Failure | None:
        """Notice a server that answers pings but no frames."""
        timeout = self._timing.stall_timeout
        while True:
            since = self._conversation.waiting_since
            left = timeout if since is None else since + timeout - self._clock()
            if left <= 0:
                text = f"{self._server} answered no frame for {timeout:g} s: its log may say why"
                return Failure(Reason.STALLED, text)
            await asyncio.sleep(min(left, self._timing.credit_timeout))
            self._news.set()  # a frame's credit may be overdue while another waits for it


def agreed_version(websocket: ClientConnection) -> Version:
    """Return the protocol version that both sides speak."""
    return Version.V2 if websocket.subprotocol == SUBPROTOCOL_V2 else Version.V1
