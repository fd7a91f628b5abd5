"""A small HTTP server on an event loop of its own, in a thread of its own.

It answers one GET request a connection. A peer gets a few seconds for all of it, TLS included, and
there are few connections at a time: past the bound the oldest of the address that has most of them
is cut, so that slow peers cannot keep others from being answered.
"""

import asyncio
import itertools
import logging
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from iot_facerecognition_server.handshakes import Handshakes
from iot_facerecognition_server.listening import close_all

_log = logging.getLogger(__name__)

CONNECTIONS: Final = 32
"""Connections at a time."""
REQUEST_SECONDS: Final = 10.0
"""From being accepted to the last byte of the answer; Prometheus waits as long by default."""
HEAD_BYTES: Final = 16_384
"""Longest request."""
_GOOD_BYE_SECONDS: Final = 1.0
"""How long a peer has to answer that TLS ends."""
_REST_SECONDS: Final = 1.0
"""Pause after no connection could be accepted."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; names of headers are in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes

    def serialise(self) -> bytes:
        """Return it as it goes over the wire."""
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", "Connection: close"]
        headers = {**self.headers, "Content-Length": str(len(self.body))}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


class _RefusedRequestError(Exception):
    """A request that is answered with a status and nothing else."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def parse(head: bytes) -> Request:
    """Return the request in `head`, which ends with an empty line. Raises _RefusedRequestError."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - RFC 9112, section 3
        raise _RefusedRequestError(HTTPStatus.BAD_REQUEST)
    method, path, _ = words
    if method != "GET":
        raise _RefusedRequestError(HTTPStatus.METHOD_NOT_ALLOWED)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise _RefusedRequestError(HTTPStatus.BAD_REQUEST)
        headers[name.strip().lower()] = value.strip()
    return Request(path, headers)


class HttpThread:
    """Answers requests on `listeners` from `start` to `close`."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        context: ssl.SSLContext | None,
        answer: Callable[[Request], Awaitable[Reply]],
        seconds: float = REQUEST_SECONDS,
    ) -> None:
        """Answer with what `answer` returns, over TLS where there is a `context`."""
        self._listeners = list(listeners)
        self._context = context
        self._answer = answer
        self._seconds = seconds
        self._keys = itertools.count(1)
        self._crowd = Handshakes(CONNECTIONS)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="monitoring", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Cut who is there, and close the port."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        for listener in self._listeners:
            self._loop.add_reader(listener, self._accept, listener)
        try:
            self._loop.run_forever()
        finally:
            for listener in self._listeners:
                self._loop.remove_reader(listener)
            close_all(self._listeners)
            self._loop.run_until_complete(self._cut_all())
            self._loop.close()

    async def _cut_all(self) -> None:
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, listener: socket.socket) -> None:
        try:
            peer, address = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # no file or memory left: the same again and again, until there is
            _log.error("no request can be accepted for now: %s", error.strerror)
            self._loop.remove_reader(listener)
            self._loop.call_later(
                _REST_SECONDS, self._loop.add_reader, listener, self._accept, listener
            )
            return
        peer.setblocking(False)
        key = next(self._keys)
        task = self._loop.create_task(self._serve(peer, str(address[0])))
        task.add_done_callback(partial(self._ended, key, peer))
        self._tasks[key] = task
        victim = self._crowd.enter(key, str(address[0]))
        if victim is not None:
            self._tasks[victim[0]].cancel()

    def _ended(self, key: int, peer: socket.socket, _task: asyncio.Task[None]) -> None:
        self._crowd.leave(key)
        del self._tasks[key]
        peer.close()

    async def _serve(self, peer: socket.socket, address: str) -> None:
        reader = asyncio.StreamReader(limit=HEAD_BYTES)
        try:
            async with asyncio.timeout(self._seconds):
                transport, protocol = await self._loop.connect_accepted_socket(
                    partial(asyncio.StreamReaderProtocol, reader),
                    peer,
                    ssl=self._context,
                    ssl_handshake_timeout=self._seconds if self._context else None,
                    ssl_shutdown_timeout=_GOOD_BYE_SECONDS if self._context else None,
                )
                try:
                    writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
                    writer.write((await self._reply(reader)).serialise())
                    writer.close()
                    await writer.wait_closed()
                finally:
                    transport.abort()
        except (OSError, EOFError) as error:  # the peer's: it left, was slow, spoke no TLS
            _log.debug("a request from %s failed: %s", address, error)
        except Exception:  # noqa: BLE001 - ours, and a scrape without an answer looks as if the server were down
            _log.exception("a request from %s could not be answered", address)

    async def _reply(self, reader: asyncio.StreamReader) -> Reply:
        try:
            request = parse(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError:
            return _refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except _RefusedRequestError as error:
            return _refusal(error.status)
        return await self._answer(request)


def _refusal(status: HTTPStatus) -> Reply:
    body = f"{status.phrase}\n".encode()
    return Reply(status, {"Content-Type": "text/plain; charset=utf-8"}, body)
