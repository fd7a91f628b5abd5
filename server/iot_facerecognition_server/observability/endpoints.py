"""Metrics, liveness and readiness over HTTP or HTTPS, from threads of their own.

Threads, because the question whether the event loop still gets on cannot be answered on it, and
because a scrape of a thousand clients takes longer than a frame may wait. A thread that renders
shares the interpreter with the loop in slices of a millisecond (docs/decisions/metrics-server.md).
"""

import base64
import errno
import gzip
import hmac
import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import choose_encoder

from iot_facerecognition_server.errors import AddressInUseError
from iot_facerecognition_server.observability.readiness import Verdict

_log = logging.getLogger(__name__)

CONNECTIONS: Final = 8
"""Requests that are answered at a time; who comes beyond that is hung up on."""
PATIENCE_SECONDS: Final = 10.0
"""How long a peer may be silent."""
_PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a scraper has to present by HTTP basic authentication."""

    user: str
    password: str

    def match(self, authorization: str | None) -> bool:
        """Compare with an `Authorization` header, in constant time."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        given = (authorization or "").encode("utf-8", "replace")
        return hmac.compare_digest(given, f"Basic {pair}".encode())


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets."""

    status: HTTPStatus
    kind: str
    body: bytes


class Exposition:
    """Renders the registry, one request at a time."""

    def __init__(self, registry: CollectorRegistry, seconds: Gauge) -> None:
        """`seconds` takes how long the last rendering took."""
        self._registry = registry
        self._seconds = seconds
        self._lock = threading.Lock()

    def render(self, accept: str) -> Answer:
        """Return all metrics in the format that `accept` asks for."""
        encode, kind = choose_encoder(accept)
        with self._lock:
            began = perf_counter()
            body = encode(self._registry)
            self._seconds.set(perf_counter() - began)
        return Answer(HTTPStatus.OK, kind, body)


class MonitoringServer:
    """Answers `/metrics`, `/livez` and `/readyz` until it is closed.

    Only `/metrics` asks for credentials: the others say nothing but how the server is.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        credentials: Credentials | None,
        exposition: Exposition,
        live: Callable[[], Verdict],
        ready: Callable[[], Verdict],
    ) -> None:
        """Take the parts; `start` opens the port (0: any free one). No `context`: plain HTTP."""
        self._address = (host, port)
        self._context = context
        self._credentials = credentials
        self._exposition = exposition
        self._verdicts = {"/livez": live, "/readyz": ready}
        self._http: _HttpServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._http is None:
            raise RuntimeError("the monitoring server has not been started")
        return int(self._http.server_address[1])

    def start(self) -> None:
        """Open the port. Raises AddressInUseError."""
        host, port = self._address
        try:
            self._http = _HttpServer(host, port, self._context, self.answer)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUseError(host, port, "[Metrics] Port") from error
            raise
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.1,), name="monitoring", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Close the port; blocks for a tenth of a second at most."""
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()

    def answer(self, path: str, accept: str, authorization: str | None) -> Answer:
        """Return the answer to a GET request."""
        path = path.partition("?")[0]
        if path in self._verdicts:
            verdict = self._verdicts[path]()
            status = HTTPStatus.OK if verdict.good else HTTPStatus.SERVICE_UNAVAILABLE
            return Answer(status, _PLAIN, ("\n".join(verdict.lines) + "\n").encode())
        if path != "/metrics":
            return Answer(HTTPStatus.NOT_FOUND, _PLAIN, b"/metrics, /livez or /readyz\n")
        if self._credentials is not None and not self._credentials.match(authorization):
            return Answer(HTTPStatus.UNAUTHORIZED, _PLAIN, b"wrong user or password\n")
        return self._exposition.render(accept)


class _HttpServer(ThreadingHTTPServer):
    """Threads per request, but few, and TLS handshakes in them rather than where one accepts."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        answer: Callable[[str, str, str | None], Answer],
    ) -> None:
        self._everywhere = not host
        self.address_family = _family(host, port)
        self.context = context
        self.answer = answer
        self._slots = threading.Semaphore(CONNECTIONS)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        if self._everywhere and self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # HTTPServer's own asks the network for this machine's name, which may take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(PATIENCE_SECONDS)
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's
        if isinstance(sys.exception(), OSError):  # the peer's: it left, was silent, spoke no TLS
            _log.debug("a request from %s failed", client_address, exc_info=True)
        else:  # ours, and a scrape without an answer looks as if the server were down
            _log.exception("a request from %s could not be answered", client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request and writes the answer."""

    server: _HttpServer
    server_version = "iot-facerecognition"
    sys_version = ""

    def do_GET(self) -> None:
        headers = self.headers
        given = self.server.answer(
            self.path, headers.get("Accept", ""), headers.get("Authorization")
        )
        body = given.body
        self.send_response(given.status)
        if "gzip" in headers.get("Accept-Encoding", "") and given.kind != _PLAIN:
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if given.status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="metrics"')
        self.send_header("Content-Type", given.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        _log.debug(format, *args)


def _family(host: str, port: int) -> socket.AddressFamily:
    if not host:
        return socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
