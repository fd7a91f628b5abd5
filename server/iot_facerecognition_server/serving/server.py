"""The TLS WebSocket server: listens, admits, and gives every connection a client."""

import asyncio
import errno
import itertools
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from iot_facerecognition_protocol import MESSAGE_LENGTH, SUBPROTOCOL_V2, ErrorCode, clean_text
from iot_facerecognition_server.errors import AddressInUseError
from iot_facerecognition_server.metrics import AUTHENTICATION, ServerMetrics
from iot_facerecognition_server.serving.admission import Admission
from iot_facerecognition_server.serving.client import Client, NewSession
from iot_facerecognition_server.serving.connection import ClientConnection
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.tls_buffers import ReadBuffer
from iot_facerecognition_server.trust.authentication import Authenticator, Presented, Refused

_log = logging.getLogger(__name__)
_handshake_log = logging.getLogger(f"{__name__}.handshake")
"""websockets' own words on connections that never became clients: a traceback for every probe."""

_CLOSE_SECONDS = 2.0
"""How long a client has to answer that it is closed."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What every connection is held to.

    Bytes of one message, seconds to shake hands, seconds of silence (0: any), characters of text
    that the client has not read.
    """

    message_bytes: int
    handshake_seconds: float
    idle_seconds: float
    backlog: int


class RecognitionServer:
    """Accepts clients on one address and serves them until it is closed."""

    def __init__(
        self,
        *,
        name: str,
        host: str,
        port: int,
        context: ssl.SSLContext,
        authenticator: Authenticator,
        admission: Admission,
        limits: ConnectionLimits,
        new_session: NewSession,
        dispatcher: Dispatcher,
        metrics: ServerMetrics,
        clock: Callable[[], float],
    ) -> None:
        """Take the parts; `start` opens the port (0: any free one).

        `name` is what the server calls itself in HTTP.
        """
        self._name = name
        self._host = host
        self._port = port
        self._context = context
        self._authenticator = authenticator
        self._admission = admission
        self._limits = limits
        self._new_session = new_session
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._clock = clock
        self._keys = itertools.count(1)
        self._clients: dict[int, Client] = {}
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._server is None:
            raise RuntimeError("the server has not been started")
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def clients(self) -> tuple[Client, ...]:
        """The clients that are connected now."""
        return tuple(self._clients.values())

    async def start(self) -> None:
        """Open the port. Raises AddressInUseError."""
        limits = self._limits
        _handshake_log.setLevel(logging.CRITICAL)
        try:
            self._server = await serve(
                self._handle,
                self._host,
                self._port,
                ssl=self._context,
                create_connection=partial(ClientConnection, read_buffer=ReadBuffer()),  # type: ignore[arg-type]  # a class to look at, a callable in use
                process_request=self._admit,
                select_subprotocol=_agree_on_version,
                compression=None,  # JPEG does not shrink, and an edge has no time for it
                open_timeout=limits.handshake_seconds,
                ssl_handshake_timeout=limits.handshake_seconds,
                max_size=limits.message_bytes,
                max_queue=2,
                close_timeout=_CLOSE_SECONDS,
                server_header=self._name,
                logger=_handshake_log,
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUseError(self._host, self._port) from error
            raise

    def say(self, text: str, to_whom: str | None = None) -> int:
        """Send a message to the clients of that name or identity, or to all; return to how many."""
        said = clean_text(text, MESSAGE_LENGTH)
        to = [c for c in self.clients if to_whom in {None, c.name, c.identity.name}]
        for client in to:
            client.session.say(said)
        return len(to)

    def disconnect_revoked(self) -> int:
        """Disconnect the clients that would be refused by now; return how many.

        Raises TokenFileError when that cannot be told; all of them stay then.
        """
        revoked = self._authenticator.revoked({client.identity for client in self.clients})
        to = [client for client in self.clients if client.identity in revoked]
        for client in to:
            client.disconnect(ErrorCode.REVOKED, revoked[client.identity])
        return len(to)

    async def close(self, seconds: float) -> None:
        """Stop accepting, finish what is under way within `seconds`, and say good-bye (1001)."""
        if self._server is None:
            return
        server = self._server
        server.close(close_connections=False)
        try:
            async with asyncio.timeout(seconds):
                await self._dispatcher.drained()
        except TimeoutError:
            _log.warning("some frames were not finished within %g s", seconds)
        farewells = [
            connection.close(CloseCode.GOING_AWAY, "the server is ending")
            for connection in server.connections
        ]
        await asyncio.gather(*farewells)
        await server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let a connection in, or turn it away in HTTP, before it costs anything."""
        assert isinstance(connection, ClientConnection)
        proofs = request.headers.get_all("Authorization")
        verdict = (
            Refused("there are several Authorization headers; send one")
            if len(proofs) > 1
            else self._authenticator.authenticate(
                Presented(connection.address, proofs[0] if proofs else None, connection.certificate)
            )
        )
        if isinstance(verdict, Refused):
            self._metrics.authentication_failures.inc()
            response = self._turn_away(
                connection, HTTPStatus.UNAUTHORIZED, AUTHENTICATION, verdict.reason
            )
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        address = connection.address
        refusal = self._admission.enter(address)
        if refusal is not None:
            return self._turn_away(connection, refusal.status, refusal.reason, refusal.message)
        connection.when_lost(lambda: self._admission.leave(address))
        connection.identity = verdict.identity
        return None

    def _turn_away(
        self, connection: ClientConnection, status: HTTPStatus, reason: str, message: str
    ) -> Response:
        self._metrics.refused.labels(reason).inc()
        _log.warning("turned away %s: %s", connection.address, message)
        return connection.respond(status, message + "\n")

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientConnection)
        assert connection.identity is not None, "who was let in has been identified"
        client = Client(
            connection,
            connection.identity,
            key=next(self._keys),
            new_session=self._new_session,
            backlog=self._limits.backlog,
            idle_seconds=self._limits.idle_seconds,
            dispatcher=self._dispatcher,
            metrics=self._metrics,
            clock=self._clock,
        )
        self._clients[client.session.key] = client
        try:
            await client.run()
        finally:
            del self._clients[client.session.key]


def _agree_on_version(
    _connection: ServerConnection, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    """Take version 2 from who offers it; who offers nothing, or something else, gets version 1."""
    return Subprotocol(SUBPROTOCOL_V2) if SUBPROTOCOL_V2 in offered else None
