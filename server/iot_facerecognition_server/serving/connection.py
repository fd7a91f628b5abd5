"""The WebSocket connection of one client."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.protocol import SEND_EOF, State
from websockets.typing import DataLike

from iot_facerecognition_protocol import SUBPROTOCOL_V2, ErrorCode, ErrorReport, Version, encode
from iot_facerecognition_server.serving.reading import Reading
from iot_facerecognition_server.serving.unfinished import FRAGMENT_BYTES, UnfinishedMessages
from iot_facerecognition_server.third_parties import websockets_parser
from iot_facerecognition_server.third_parties.asyncio_tls import (
    ReadBuffer,
    bound_unread_bytes,
    unsent_bytes,
)
from iot_facerecognition_server.trust.client_identity import ClientIdentity

CLOSE_SECONDS: Final = 2.0
"""How long a client has to answer that it is closed; then the connection is cut."""
REQUEST_BYTES: Final = 32_768
"""Longest HTTP request: that of a browser with many cookies has some thousands of bytes."""
_LAST_WORDS_SECONDS = 2.0
"""How long a client that sent too much has to read so."""

_SMALL_FRAGMENT: Final = 4096
"""Bytes below which a part of a message costs more to receive than it is worth."""
_QUEUE, _BUDGET, _OTHERS = "queue", "budget", "others"
"""Reasons not to read: messages that nobody has taken yet, a budget that is spent, and unfinished
messages of the same identity that began before."""


class ClientConnection(ServerConnection):
    """A connection that knows its protocol version.

    It differs from its base in a few ways. It tells when it is lost, even before it was open.
    Version 1 is not pinged: the original's paused clients do not read, so they could not answer,
    and would be taken for dead. And version 2 learns from an ERROR message what was too large,
    before the connection is closed with 1009; the base closes it inside its parser, where nobody
    can put a message before the close frame, so the protocol object's `fail` is wrapped. And it
    keeps nothing of a message that was handed on: the base's parser remembers the last one until
    the next, so the protocol object's `recv_frame` is wrapped, too. And it bounds what the base
    does not: what the peer is answered and does not read, a message that does not end, a request
    that does not, and the time that a close takes.
    """

    def __init__(
        self,
        *args: Any,
        address: str,
        read_buffer: ReadBuffer,
        backlog: int,
        unfinished: UnfinishedMessages,
        **kwargs: Any,
    ) -> None:
        """Read into `read_buffer`, which other connections of the event loop use as well.

        `address` is the client's, who may be behind a proxy.
        `backlog` bounds the bytes that wait to be sent, beyond the text that is being sent.
        `unfinished` is shared by all connections.
        """
        super().__init__(*args, **kwargs)
        self.address = address
        """The client's IP address."""
        self._read_buffer = read_buffer
        self._backlog = backlog
        self._unfinished = unfinished
        self._sending = 0
        self._fragments = 0
        self._message_ended = False
        self._message_size = 0
        self._untaken: deque[int] = deque()
        self._requested = 0
        self._overhead = 0
        self._fail = websockets_parser.replace_fail(self.protocol, self._explain_and_fail)
        self._receive = websockets_parser.replace_receive_frame(
            self.protocol, self._receive_and_forget
        )
        self.offence: ErrorReport | None = None
        """Why the connection itself, rather than its client's session, ended it."""
        self._when_lost: list[Callable[[], None]] = []
        self.identity: ClientIdentity | None = None
        """Who is at the other end, once that has been proved."""
        self.when_received: Callable[[int, float], float] | None = None
        """Takes the number of bytes that came, of anything, as they come, and the processor seconds
        that they took.

        It returns the seconds for which the connection is not to be read."""
        self.when_overhead: Callable[[int], float] | None = None
        """Takes the number of frames that cost and say nothing: pings, pongs and small fragments.

        It returns the seconds for which the connection is not to be read."""

    @property
    def certificate(self) -> bytes | None:
        """The peer's certificate in DER, which the TLS handshake has verified, if it has one."""
        secured = self.transport.get_extra_info("ssl_object")
        if secured is None:
            return None
        certificate: bytes | None = secured.getpeercert(binary_form=True)
        return certificate

    def when_lost(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the connection has ended, however it ends; at once if it has."""
        if websockets_parser.has_ended(self):
            callback()
        else:
            self._when_lost.append(callback)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the TLS handshake is over.

        The base would ask websockets' own server for a task; ours has one for it (`Entrance`).
        """
        self._read_buffer.lend(transport)
        bound_unread_bytes(transport)
        websockets_parser.begin(self, transport)
        self._reading = Reading(self.transport)
        websockets_parser.pause_by(
            self,
            lambda: self._reading.hold(_QUEUE),
            lambda: self._reading.release(_QUEUE),
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell those who wanted to know."""
        super().connection_lost(exc)
        self._release()
        for callback in self._when_lost:
            callback()

    @property
    def version(self) -> Version:
        """The version that was agreed in the handshake."""
        return Version.V2 if self.subprotocol == SUBPROTOCOL_V2 else Version.V1

    def data_received(self, data: bytes) -> None:
        """Take what came, and hold the peer to its bounds."""
        begun = time.thread_time()
        super().data_received(data)
        if self.request is None:
            self._bound_request(len(data))
            return
        self._bound_message()
        if self.when_received is not None:
            self.rest(self.when_received(len(data), time.thread_time() - begun))
        if self._overhead:
            overhead, self._overhead = self._overhead, 0
            if self.when_overhead is not None:
                self.rest(self.when_overhead(overhead))
        if unsent_bytes(self.transport) > self._backlog + self._sending:
            self.cut_for_not_reading()

    async def take(self) -> str | bytes:
        """Return the next message, which is the caller's from now on. Raises ConnectionClosed."""
        message = await self.recv()
        self._untaken.popleft()
        self._bound_message()
        return message

    async def send_text(self, text: bytes) -> None:
        """Send a text message (UTF-8) once what was sent before has left but for a little."""
        self._sending = len(text)
        await self.send(text, text=True)

    def cut_for_not_reading(self) -> None:
        """Cut the connection: no close frame can pass a socket that nobody reads."""
        if self.offence is None:
            words = "it does not read what it is sent ([Limits] BacklogBytes)"
            self.offence = ErrorReport(str(ErrorCode.TOO_SLOW), words)
        self.transport.abort()

    def give_up_message(self, words: str) -> None:
        """End the connection for a message that it began, and forget what came of that."""
        if self.protocol.state is not State.OPEN:
            self.transport.abort()
            return
        self._refuse(ErrorCode.MESSAGE_UNFINISHED, words)
        self._fail(CloseCode.POLICY_VIOLATION, words[:100])
        websockets_parser.forget_message(self)
        self.send_data()

    async def close(
        self, code: CloseCode | int = CloseCode.NORMAL_CLOSURE, reason: str = ""
    ) -> None:
        """Close, and cut the connection after CLOSE_SECONDS.

        The base's own deadline begins only once the close frame has passed the write buffer, and
        nothing passes it when the peer does not read.
        """
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close(code, reason)
        except TimeoutError:
            self.transport.abort()
            await self.wait_closed()

    async def ping(self, data: DataLike | None = None) -> Awaitable[float]:
        """Send a ping, and cut the connection when the ping finds no way out in time.

        The base waits for a pong for a limited time, but without limit until the ping is written.
        """
        try:
            async with asyncio.timeout(self.ping_timeout):
                return await super().ping(data)
        except TimeoutError:
            self.transport.abort()
            await self.wait_closed()
            raise self.protocol.close_exc from None

    def start_keepalive(self) -> None:
        """Ping clients of version 2 only."""
        if self.version >= Version.V2:
            super().start_keepalive()

    def send_data(self) -> None:
        """Write what is to be sent.

        Who sent too much is in the middle of sending: a connection that is closed at once is reset,
        and the words on the way are lost. So it is read on for a moment, and what comes is dropped.
        """
        writes = self.protocol.data_to_send()
        data = b"".join(writes)  # one TLS record for many small answers
        if data:
            self.transport.write(data)
        if SEND_EOF in writes:
            if self.offence is not None:
                self.loop.call_later(_LAST_WORDS_SECONDS, self.transport.close)
            else:
                self.transport.close()  # TLS knows no half-closed connection

    def _explain_and_fail(self, code: CloseCode | int, reason: str = "") -> None:
        if code == CloseCode.MESSAGE_TOO_BIG:
            most = websockets_parser.most_bytes(self.protocol)
            reason = f"a message has at most {most} bytes here ([Limits] FrameBytes, TextBytes)"
            self._refuse(ErrorCode.FRAME_TOO_LARGE, reason)
        self._fail(code, reason)

    def _refuse(self, code: ErrorCode, words: str) -> None:
        """Tell the client why the connection ends, where that is possible."""
        self.offence = ErrorReport(str(code), words)
        if self.version >= Version.V2:
            self.protocol.send_text(encode(self.offence).encode())

    def rest(self, seconds: float) -> None:
        """Do not read what comes for that long; the peer's own socket holds it."""
        if seconds > 0:
            self._reading.hold(_BUDGET)
            self.loop.call_later(seconds, self._reading.release, _BUDGET)

    def _receive_and_forget(self, frame: Frame) -> None:
        self._overhead += _is_overhead(frame)
        self._receive(replace(frame))
        self._message_size += len(frame.data) * (frame.opcode in DATA_OPCODES)
        frame.data = b""
        if not websockets_parser.in_message(self.protocol):
            self._fragments = 0
            if frame.opcode in DATA_OPCODES:
                self._message_ended = True
                self._untaken.append(self._message_size)
                self._message_size = 0
        elif frame.opcode in DATA_OPCODES:
            self._fragments += 1

    def _bound_request(self, size: int) -> None:
        """Hold a request to its bound while it has not ended."""
        self._requested += size
        if self._requested > REQUEST_BYTES and self.protocol.state is State.CONNECTING:
            self.transport.abort()

    def _bound_message(self) -> None:
        """Account for what messages hold that have not ended or that nobody has taken."""
        if self._message_ended:
            self._message_ended = False
            self._release()
        size = websockets_parser.unparsed_size(self.protocol)
        size += self._fragments * FRAGMENT_BYTES + sum(self._untaken)
        if not size or self.transport.is_closing():
            self._release()
            return
        account = self.identity.account if self.identity else None
        worst = self._unfinished.hold(self, size, self.loop.time(), account)
        if not self._unfinished.may_go_on(self):
            self._reading.hold(_OTHERS)
        if isinstance(worst, ClientConnection):
            worst.give_up_message(
                "the unfinished messages of all clients are more than the server holds"
                " ([Limits] UnfinishedBytes)"
            )

    def _release(self) -> None:
        """Hold nothing of a message any more."""
        self._unfinished.release(self)
        self.go_on()

    def go_on(self) -> None:
        """Read on, as far as other messages of the same identity are concerned."""
        self._reading.release(_OTHERS)


def _is_overhead(frame: Frame) -> bool:
    if frame.opcode not in DATA_OPCODES:
        return True
    whole = frame.fin and frame.opcode is not Opcode.CONT
    return not whole and len(frame.data) < _SMALL_FRAGMENT
