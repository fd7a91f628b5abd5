"""Accepts connections, and takes each through TLS and the HTTP handshake within one deadline."""

import asyncio
import errno
import itertools
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from iot_facerecognition_server.handshakes import HandshakePace, Handshakes
from iot_facerecognition_server.listening import close_all
from iot_facerecognition_server.serving.connection import CLOSE_SECONDS, ClientConnection
from iot_facerecognition_server.serving.first_bytes import PEEK_BYTES, other_protocol
from iot_facerecognition_server.serving.proxies import Proxies
from iot_facerecognition_server.serving.proxy_protocol import ProxyHeaderError
from iot_facerecognition_server.serving.tls_failures import explain
from iot_facerecognition_server.sessions.refusal_reasons import (
    AUTHENTICATION,
    HANDSHAKE_TIMEOUT,
    NOT_TLS,
    PROXY_HEADER,
    TLS_FAILED,
    TOO_MANY_HANDSHAKES,
)

_log = logging.getLogger(__name__)

_ACCEPTED_AT_ONCE: Final = 16
"""Connections accepted before the event loop turns to others for `_ACCEPT_SECONDS`.

Even one that is closed at once costs it 70 microseconds, and a single sender opens ten thousand a
second: the rest wait in the system's queue.
"""
_ACCEPT_SECONDS: Final = 0.02
_RETRY_SECONDS: Final = 1.0
"""Pause after the system had no file or memory left for another connection."""
_NO_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class FailedHandshake:
    """Why a peer did not become a connection: the reason to count it by, and words for the log."""

    reason: str
    words: str


class _HandshakeError(Exception):
    """A handshake failed by what the peer did."""

    def __init__(self, failed: FailedHandshake) -> None:
        super().__init__(failed.words)
        self.failed = failed


class Entrance:
    """Takes peers from listening sockets; whoever shook hands is served.

    websockets and asyncio have a deadline for TLS and another for HTTP, no bound for how many are
    at it, and drop whoever fails without a word: hence the sockets are accepted here.
    """

    def __init__(
        self,
        *,
        context: ssl.SSLContext,
        seconds: float,
        handshakes: Handshakes,
        pace: HandshakePace,
        proxies: Proxies,
        new_connection: Callable[[str], ClientConnection],
        shake_hands: Callable[[ClientConnection], Awaitable[None]],
        serve: Callable[[ClientConnection], Awaitable[None]],
        failed: Callable[[str, FailedHandshake], None],
    ) -> None:
        """Give every peer `seconds` from being accepted to the end of the HTTP handshake.

        Each begins when `pace` gives it its turn, which is part of that time.
        Who comes through one of `proxies` has a header to send in that time, and the address in it
        is the one that counts. `new_connection` takes the client's address; `shake_hands` is that
        of HTTP, and `serve` what comes after it; `failed` takes the address of a peer that did not
        get as far, and why.
        """
        self._context = context
        self._seconds = seconds
        self._handshakes = handshakes
        self._pace = pace
        self._proxies = proxies
        self._new_connection = new_connection
        self._shake_hands = shake_hands
        self._serve = serve
        self._failed = failed
        self._listeners: list[socket.socket] = []
        self._keys = itertools.count(1)
        self._entering: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, listeners: Sequence[socket.socket]) -> None:
        """Accept from `listeners`, which are non-blocking, until `stop`."""
        self._listeners = list(listeners)
        for listener in self._listeners:
            self._watch(listener)

    def stop(self) -> None:
        """Accept no more and give up the handshakes under way; those who are in stay."""
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            loop.remove_reader(listener)
        close_all(self._listeners)
        self._listeners = []
        for task in self._entering.values():
            task.cancel()

    async def left(self, seconds: float) -> bool:
        """Wait until everybody has left, for `seconds`; then cancel who has not. False for that."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        remaining = tuple(self._tasks)
        for task in remaining:
            task.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)
        return not remaining

    def _watch(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                peer, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_RESOURCES:
                    raise
                _log.error("no connection can be accepted for now: %s", error.strerror)
                loop.remove_reader(listener)
                loop.call_later(_RETRY_SECONDS, self._watch, listener)
                return
            peer.setblocking(False)
            self._begin(peer, str(address[0]))
        loop.remove_reader(listener)
        loop.call_later(_ACCEPT_SECONDS, self._watch, listener)

    def _begin(self, peer: socket.socket, address: str) -> None:
        seconds = 0.0
        if not self._proxies.includes(address):
            try:
                seconds = self._turn(address)
            except _HandshakeError as error:
                peer.close()
                self._failed(address, error.failed)
                return
        key = next(self._keys)
        task = asyncio.create_task(self._run(key, peer, address, seconds))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, key, peer))
        self._entering[key] = task
        victim = self._handshakes.enter(key, address)
        if victim is not None:
            self._entering[victim[0]].cancel()
            words = "too many handshakes at a time ([Limits] Handshakes)"
            self._failed(victim[1], FailedHandshake(TOO_MANY_HANDSHAKES, words))

    def _ended(self, key: int, peer: socket.socket, task: asyncio.Task[None]) -> None:
        """Clean up, also after a task that was cancelled before it began."""
        self._tasks.discard(task)
        self._entered(key)
        peer.close()

    def _entered(self, key: int) -> None:
        """End a handshake, if it is still under way."""
        self._handshakes.leave(key)
        self._entering.pop(key, None)

    def _turn(self, address: str) -> float:
        """Return the seconds until a handshake of `address` may begin. Raises _HandshakeError."""
        seconds = self._pace.wait(address, asyncio.get_running_loop().time())
        if seconds is None:
            words = "too many new connections of its network ([Limits] HandshakeRate)"
            raise _HandshakeError(FailedHandshake(TOO_MANY_HANDSHAKES, words))
        return seconds

    async def _run(self, key: int, peer: socket.socket, address: str, seconds: float) -> None:
        """Live one connection, from being accepted to its end; its handshake waits `seconds`."""
        connection = await self._enter(key, peer, address, seconds)
        if connection is None:
            return
        try:
            connection.start_keepalive()
            async with connection:
                await self._serve(connection)
        except Exception:  # noqa: BLE001 - a fault of ours, which must reach the log
            _log.exception(
                "the connection of %s ended by a fault of the server", connection.address
            )
        finally:
            connection.transport.abort()

    async def _enter(
        self, key: int, peer: socket.socket, address: str, seconds: float
    ) -> ClientConnection | None:
        """Return the connection once hands are shaken; None for who did not get in."""
        try:
            async with asyncio.timeout(self._seconds):
                if seconds:
                    await asyncio.sleep(seconds)
                address = await self._client_address(key, peer, address)
                connection = await self._secured(peer, address)
                try:
                    await self._shake_hands(connection)
                except BaseException:
                    connection.transport.abort()
                    raise
        except _HandshakeError as error:
            self._failed(address, error.failed)
        except TimeoutError:
            words = f"no handshake within {self._seconds:g} s ([Limits] HandshakeSeconds)"
            self._failed(address, FailedHandshake(HANDSHAKE_TIMEOUT, words))
        except (OSError, ConnectionClosed) as error:  # a port scan, a health check, a lost link
            _log.debug("%s left during its handshake: %s", address, error)
        else:
            if connection.state is State.OPEN:
                return connection
            connection.transport.abort()  # it was answered in HTTP
        finally:
            self._entered(key)
        return None

    async def _client_address(self, key: int, peer: socket.socket, address: str) -> str:
        """Return whom the peer at `address` relays, if it is a proxy. Raises as `_secured` does."""
        if not self._proxies.includes(address):
            return address
        try:
            header = await self._proxies.read_header(peer)
        except ProxyHeaderError as error:
            words = (
                f"no PROXY protocol header as it has to come from [Connection] ProxyProtocolFrom:"
                f" {error}"
            )
            raise _HandshakeError(FailedHandshake(PROXY_HEADER, words)) from error
        if header is None:
            raise ConnectionResetError("it sent nothing")
        if header.source is None:
            return address
        source = str(header.source)
        self._handshakes.rename(key, source)
        await asyncio.sleep(self._turn(source))
        return source

    async def _secured(self, peer: socket.socket, address: str) -> ClientConnection:
        """Return a connection over TLS. Raises _HandshakeError, and OSError when the peer left."""
        try:
            await self._expect_tls(peer)
        except BaseException:
            peer.close()
            raise
        try:
            _, connection = await asyncio.get_running_loop().connect_accepted_socket(
                partial(self._new_connection, address),
                peer,
                ssl=self._context,
                ssl_handshake_timeout=2 * self._seconds,  # the deadline for all comes before
                ssl_shutdown_timeout=CLOSE_SECONDS,
            )
        except ssl.SSLError as error:
            if error.errno in {ssl.SSL_ERROR_EOF, ssl.SSL_ERROR_ZERO_RETURN}:
                raise ConnectionResetError(error.reason) from error
            failure = explain(error)
            reason = AUTHENTICATION if failure.authentication else TLS_FAILED
            raise _HandshakeError(FailedHandshake(reason, failure.words)) from error
        return connection

    async def _expect_tls(self, peer: socket.socket) -> None:
        """Look at the first bytes and leave them where they are. Raises as `_secured` does."""
        await _readable(peer)
        first = peer.recv(PEEK_BYTES, socket.MSG_PEEK)
        if not first:
            raise ConnectionResetError("it sent nothing")
        other = other_protocol(first)
        if other is not None:
            with suppress(OSError):  # it need not wait for the answer
                peer.recv(65536)  # what is left unread when a socket is closed resets it
                peer.send(other.answer)
            raise _HandshakeError(FailedHandshake(NOT_TLS, other.words))


async def _readable(peer: socket.socket) -> None:
    """Return when there is something to read, or the peer has gone."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(peer, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_reader(peer)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
