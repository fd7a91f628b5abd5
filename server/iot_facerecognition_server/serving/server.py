"""The TLS WebSocket server: listens, admits, and gives every connection a client."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from iot_facerecognition_protocol import MESSAGE_LENGTH, SUBPROTOCOL_V2, ErrorCode, clean_text
from iot_facerecognition_protocol.pairing import PAIRING_SUBPROTOCOL
from iot_facerecognition_server.handshakes import HandshakePace, Handshakes
from iot_facerecognition_server.listening import listen
from iot_facerecognition_server.serving.admission import Admission, Refusal
from iot_facerecognition_server.serving.client import FLOODING_REASON, ClientHandler, NewSession
from iot_facerecognition_server.serving.connection import CLOSE_SECONDS, ClientConnection
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.drain import drain_hint
from iot_facerecognition_server.serving.entrance import Entrance, FailedHandshake
from iot_facerecognition_server.serving.origins import Origins
from iot_facerecognition_server.serving.pairing import PairingDesk
from iot_facerecognition_server.serving.proxies import Proxies
from iot_facerecognition_server.serving.unfinished import UnfinishedMessages
from iot_facerecognition_server.sessions.budget import Budgets
from iot_facerecognition_server.sessions.events import Attempt, PeerRefused
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.refusal_reasons import AUTHENTICATION, ORIGIN, PAIRING
from iot_facerecognition_server.sessions.session_keys import new_session_key
from iot_facerecognition_server.third_parties.asyncio_tls import ReadBuffer
from iot_facerecognition_server.trust.authentication import (
    Accepted,
    Authenticator,
    Denied,
    Presented,
)
from iot_facerecognition_server.trust.client_identity import ClientIdentity
from iot_facerecognition_server.trust.tokens import TokenFileError

_log = logging.getLogger(__name__)
_handshake_log = logging.getLogger(f"{__name__}.handshake")
"""websockets' own words on connections that never became clients: a traceback for every probe."""

LEAVE_SECONDS: Final = 2.0
"""How long connections have to end after the good-bye, before their tasks are cancelled."""
_DEADLINE_PERIOD: Final = 1.0
"""Seconds between two looks for messages that take too long."""
_FAREWELL: Final = "the server is ending"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What every connection is held to.

    Bytes of one message, seconds that it may take to arrive, bytes of all that have not arrived
    yet, and of those of one identity, seconds to shake hands, connections that may be at it, how
    many a second of one network begin it (0: any), seconds of silence (0: any), bytes that the
    client has not read.
    """

    message_bytes: int
    message_seconds: float
    unfinished_bytes: int
    unfinished_of_identity: float
    handshake_seconds: float
    handshakes: int
    handshake_rate: float
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
        pairing: PairingDesk,
        origins: Origins,
        proxies: Proxies,
        admission: Admission,
        budgets: Budgets,
        limits: ConnectionLimits,
        new_session: NewSession,
        dispatcher: Dispatcher,
        feed: Feed,
        clock: Callable[[], float],
    ) -> None:
        """Take the parts; `start` opens the port (0: any free one).

        What happens to clients is published to `feed`. `name` is what the server calls itself in
        HTTP.
        """
        self._name = name
        self._host = host
        self._port = port
        self._authenticator = authenticator
        self.pairing = pairing
        self._origins = origins
        self._admission = admission
        self._budgets = budgets
        self._limits = limits
        self._new_session = new_session
        self._dispatcher = dispatcher
        self._feed = feed
        self._clock = clock
        self._clients: dict[int, ClientHandler] = {}
        self._serving = True
        self._read_buffer = ReadBuffer()
        self._unfinished = UnfinishedMessages(
            limits.unfinished_bytes, limits.message_seconds, limits.unfinished_of_identity, _go_on
        )
        self._deadlines: asyncio.Task[None] | None = None
        self._handshakes = Handshakes(limits.handshakes)
        self._entrance = Entrance(
            context=context,
            seconds=limits.handshake_seconds,
            handshakes=self._handshakes,
            pace=HandshakePace(limits.handshake_rate, limits.handshake_seconds),
            proxies=proxies,
            new_connection=self._new_connection,
            shake_hands=self._shake_hands,
            serve=self._handle,
            failed=self._not_admitted,
        )

    @property
    def port(self) -> int:
        """The port that is listened on; before `start`, the one to be."""
        return self._port

    @property
    def clients(self) -> tuple[ClientHandler, ...]:
        """The clients that are connected now."""
        return tuple(self._clients.values())

    @property
    def handshakes(self) -> int:
        """Connections that are in their handshake now."""
        return len(self._handshakes)

    @property
    def unfinished_bytes(self) -> int:
        """Bytes of messages that have begun to arrive and have not ended."""
        return self._unfinished.size

    async def start(self) -> None:
        """Open the port. Raises AddressInUseError and CannotListenError."""
        _handshake_log.setLevel(logging.CRITICAL)
        listeners = await asyncio.to_thread(listen, self._host, self._port, "Connection")
        self._port = int(listeners[0].getsockname()[1])
        self._entrance.open(listeners)
        self._deadlines = asyncio.create_task(self._hold_to_deadlines())

    def say(self, text: str, to_whom: str | None = None) -> int:
        """Send a message to the clients of that name or identity, or to all; return to how many."""
        said = clean_text(text, MESSAGE_LENGTH)
        to = [c for c in self.clients if to_whom in {None, c.name, c.identity.name}]
        for client in to:
            client.session.say(said)
        return len(to)

    def acknowledge_update(self, session: int, version: str, attempt: str) -> None:
        """Tell the client of `session`, if it is still there, to keep its software `version`."""
        client = self._clients.get(session)
        if client is not None:
            client.session.acknowledge_update(version, attempt)

    async def disconnect_revoked(self) -> int:
        """Disconnect the clients that would be refused by now; return how many.

        Raises TokenFileError when that cannot be found out; all of them stay then.
        """
        return await self._disconnect_revoked(self.clients)

    def is_serving(self) -> bool:
        """Whether new connections are still taken; websockets asks while it shakes hands."""
        return self._serving

    async def close(self, seconds: float, start_seconds: float = 0.0) -> None:
        """Stop accepting, finish what is under way within `seconds`, and say good-bye (1001).

        Clients learn when to come back to a server that takes `start_seconds` to start. It takes
        FLUSH_SECONDS + 2 * CLOSE_SECONDS + LEAVE_SECONDS more at most, whatever the clients do: to
        say good-bye, to let connections end, and to close those that are cancelled then.
        """
        self._serving = False
        self._entrance.stop()
        self._dispatcher.refuse_frames()
        hint = drain_hint(start_seconds, len(self._clients))
        for client in self.clients:
            client.session.drain(hint)
        try:
            async with asyncio.timeout(seconds):
                await self._dispatcher.drained()
        except TimeoutError:
            _log.warning("some frames were not finished within %g s", seconds)
        farewells = [client.leave(_FAREWELL) for client in self.clients]
        await asyncio.gather(*farewells)
        if not await self._entrance.left(LEAVE_SECONDS):
            _log.warning("some connections had to be cut")
        if self._deadlines is not None:
            self._deadlines.cancel()

    async def _hold_to_deadlines(self) -> None:
        """Give up messages that take too long."""
        seconds = self._limits.message_seconds
        while True:
            await asyncio.sleep(min(seconds / 4, _DEADLINE_PERIOD))
            for connection in self._unfinished.overdue(asyncio.get_running_loop().time()):
                assert isinstance(connection, ClientConnection)
                try:
                    connection.give_up_message(
                        f"a message has {seconds:g} s to arrive ([Limits] MessageSeconds)"
                    )
                except Exception:  # noqa: BLE001 - the others' deadlines hold all the same
                    _log.exception("%s could not be told that it is too slow", connection.address)
                    connection.transport.abort()

    def _new_connection(self, address: str) -> ClientConnection:
        protocol = ServerProtocol(
            select_subprotocol=_agree_on_version,
            max_size=self._limits.message_bytes,
            logger=_handshake_log,
        )
        return ClientConnection(
            protocol,
            self,
            address=address,
            read_buffer=self._read_buffer,
            backlog=self._limits.backlog,
            unfinished=self._unfinished,
            close_timeout=CLOSE_SECONDS,
            max_queue=2,
        )

    async def _shake_hands(self, connection: ClientConnection) -> None:
        await connection.handshake(self._admit, server_header=self._name)

    def _not_admitted(self, address: str, failed: FailedHandshake) -> None:
        """Report a peer that did not get as far as an HTTP answer."""
        self._feed.publish_new(
            PeerRefused, address, Attempt.SHAKE_HANDS, failed.reason, failed.words
        )

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let a connection in, or reject it in HTTP, before it costs anything."""
        assert isinstance(connection, ClientConnection)
        hosts = request.headers.get_all("Host")
        foreign = self._origins.refuse(
            request.headers.get_all("Origin"), hosts[0] if len(hosts) == 1 else None
        )
        if foreign is not None:
            return self._reject(connection, HTTPStatus.FORBIDDEN, ORIGIN, foreign)
        if _wants_to_pair(request):
            refused = self.pairing.enter(connection)
            if refused is not None:
                return self._reject(connection, HTTPStatus.FORBIDDEN, PAIRING, refused)
            return None
        proofs = request.headers.get_all("Authorization")
        if len(proofs) > 1:
            verdict: Accepted | Denied = Denied("there are several Authorization headers; send one")
        else:
            shown = Presented(
                connection.address, proofs[0] if proofs else None, connection.certificate
            )
            # In a thread, since the token file may be read.
            verdict = await asyncio.to_thread(self._authenticator.authenticate, shown)
        if isinstance(verdict, Denied):
            response = self._reject(
                connection, HTTPStatus.UNAUTHORIZED, AUTHENTICATION, verdict.reason
            )
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        identity = verdict.identity
        refusal = self._room(connection, identity)
        if refusal is not None:
            return self._reject(connection, refusal.status, refusal.reason, refusal.message)
        connection.identity = identity
        return None

    def _room(self, connection: ClientConnection, identity: ClientIdentity) -> Refusal | None:
        """Give a connection its place, or say why there is none."""
        account, address = identity.account, connection.address
        now = self._clock()
        if self._budgets.of(account, now).is_flooding(now):
            return Refusal(HTTPStatus.TOO_MANY_REQUESTS, str(ErrorCode.FLOODING), FLOODING_REASON)
        refusal = self._admission.enter(address, account)
        if refusal is None:
            connection.when_lost(lambda: self._admission.leave(address, account))
        return refusal

    async def _disconnect_revoked(self, clients: Sequence[ClientHandler]) -> int:
        identities = {client.identity for client in clients}
        revoked = await asyncio.to_thread(self._authenticator.revoked, identities)
        to = [client for client in clients if client.identity in revoked]
        for client in to:
            client.disconnect(ErrorCode.REVOKED, revoked[client.identity])
        return len(to)

    def _not_paired(self, address: str, words: str) -> None:
        self._feed.publish_new(PeerRefused, address, Attempt.PAIR, PAIRING, words)

    def _reject(
        self, connection: ClientConnection, status: HTTPStatus, reason: str, message: str
    ) -> Response:
        self._feed.publish_new(PeerRefused, connection.address, Attempt.CONNECT, reason, message)
        return connection.respond(status, message + "\n")

    async def _handle(self, connection: ClientConnection) -> None:
        if connection.identity is None:  # it can only pair
            await self.pairing.serve(
                connection, lambda words: self._not_paired(connection.address, words)
            )
            return
        budget = self._budgets.of(connection.identity.account, self._clock())
        client = ClientHandler(
            connection,
            connection.identity,
            budget,
            key=new_session_key(),
            new_session=self._new_session,
            backlog=self._limits.backlog,
            idle_seconds=self._limits.idle_seconds,
            dispatcher=self._dispatcher,
            feed=self._feed,
            clock=self._clock,
        )
        self._clients[client.session.key] = client
        self._budgets.join(budget)
        try:
            with suppress(TokenFileError):
                await self._disconnect_revoked([client])  # it may have been, since it was let in
            await client.run()
        finally:
            self._budgets.leave(budget)
            del self._clients[client.session.key]


def _go_on(connection: Hashable) -> None:
    assert isinstance(connection, ClientConnection)
    connection.go_on()


def _agree_on_version(
    _protocol: ServerProtocol, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    """Take version 2 from who offers it; who offers nothing, or something else, gets version 1.

    A connection that pairs does nothing else.
    """
    if PAIRING_SUBPROTOCOL in offered:
        return Subprotocol(PAIRING_SUBPROTOCOL)
    return Subprotocol(SUBPROTOCOL_V2) if SUBPROTOCOL_V2 in offered else None


def _wants_to_pair(request: Request) -> bool:
    """Return whether the request offers the subprotocol of pairing."""
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return PAIRING_SUBPROTOCOL in map(str.strip, offered.split(","))
