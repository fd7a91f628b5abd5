"""A client that need not behave: TLS, a handshake, and whatever bytes an attack sends."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from benchmarks.attack.values import Target
from iot_facerecognition_protocol import SUBPROTOCOL_V2

SOURCE: Final = "127.0.0.2"
"""Loopback address that attacks come from; the victims are at another."""
_CHUNK: Final = 65_536
_SWITCHING_PROTOCOLS: Final = 101


class RefusedError(Exception):
    """The server did not let a client in; `status` is the HTTP status, 0 without one."""

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(f"HTTP status {status} {words}".strip())
        self.status = status


def insecure_context() -> ssl.SSLContext:
    """Return a context that verifies nothing: an attacker does not care who it attacks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def tls_socket(
    port: int,
    seconds: float = 10.0,
    source: str = SOURCE,
    context: ssl.SSLContext | None = None,
) -> ssl.SSLSocket:
    """Return a TLS connection on which nothing was said yet."""
    raw = socket.create_connection(("127.0.0.1", port), seconds, (source, 0))
    try:
        return (context or insecure_context()).wrap_socket(raw)
    except BaseException:
        raw.close()
        raise


def masked(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    """Return one WebSocket frame as a client sends it."""
    return Frame(opcode, payload, fin).serialize(mask=True)


def command(number: int, context: object) -> bytes:
    """Return a text message of the protocol as one frame."""
    return masked(Opcode.TEXT, json.dumps({"command": number, "context": context}).encode())


class Peer:
    """One WebSocket connection; reads only when it is asked to."""

    def __init__(
        self,
        target: Target,
        identity: str | None = None,
        *,
        anonymous: bool = False,
        source: str = SOURCE,
        headers: dict[str, str] | None = None,
        seconds: float = 10.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Connect as `identity`, by default the attacker's, or with the certificate in `context`.

        Raises RefusedError, OSError.
        """
        self.socket = tls_socket(target.port, seconds, source, context)
        self._protocol = ClientProtocol(
            parse_uri(f"wss://127.0.0.1:{target.port}/"),
            subprotocols=[Subprotocol(SUBPROTOCOL_V2)],
            max_size=None,
        )
        request = self._protocol.connect()
        if not anonymous:
            token = target.tokens[identity or target.attacker]
            request.headers["Authorization"] = f"Bearer {token}"
        for name, value in (headers or {}).items():
            request.headers[name] = value
        try:
            self._protocol.send_request(request)
            self.flush()
            self._open()
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    @property
    def closed(self) -> bool:
        """Whether the server has said that the connection ends, as far as was read."""
        return self._protocol.state is not State.OPEN

    @property
    def close_code(self) -> int | None:
        """The code of the server's close frame."""
        return self._protocol.close_rcvd.code if self._protocol.close_rcvd else None

    def send(self, data: bytes) -> None:
        """Send bytes as they are. Raises OSError when the server does not take them in time."""
        self.socket.sendall(data)

    def flush(self) -> None:
        """Send what a well-behaved client would: answers to pings and closes."""
        for data in self._protocol.data_to_send():
            if data:
                self.socket.sendall(data)

    def receive(self, until: float) -> Iterator[dict[str, Any]]:
        """Yield the server's messages until a monotonic second, or until the connection ends."""
        text = b""
        while time.monotonic() < until:
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
                    text += event.data
                    if event.fin:
                        yield json.loads(text)
                        text = b""
            if self.closed:
                return
            self._read(until)

    def ask(self, jpeg: bytes, until: float) -> tuple[str, str]:
        """Send a frame; return its end's status and reason, both empty when none came."""
        try:
            self.send(masked(Opcode.BINARY, jpeg))
            for message in self.receive(until):
                if message["command"] == 10:
                    done = message["context"]
                    return done["status"], done.get("reason") or ""
        except OSError:
            pass
        return "", ""

    def _read(self, until: float) -> None:
        self.socket.settimeout(max(0.01, min(1.0, until - time.monotonic())))
        try:
            data = self.socket.recv(_CHUNK)
        except TimeoutError:
            return
        except OSError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        try:
            self.flush()
        except OSError:
            return

    def _open(self) -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            for event in self._protocol.events_received():
                if isinstance(event, Response):
                    if event.status_code != _SWITCHING_PROTOCOLS:
                        raise _refused(event)
                    return
            if self._protocol.handshake_exc is not None:
                raise _refused(getattr(self._protocol.handshake_exc, "response", None))
            self._read(until)
        raise RefusedError(0)


def _refused(response: object) -> RefusedError:
    """Return the error of an answer that is not a WebSocket; of None where there was no answer."""
    if not isinstance(response, Response):
        return RefusedError(0)
    return RefusedError(response.status_code, (response.body or b"").decode(errors="replace"))
