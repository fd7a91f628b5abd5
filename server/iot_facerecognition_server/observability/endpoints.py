"""Metrics, liveness, readiness and the API over HTTP or HTTPS, from a thread of their own.

A thread, because the question whether the event loop makes progress cannot be answered on it.
Health is answered on that thread's own event loop; metrics are rendered on another thread, since a
scrape of a thousand clients takes longer than health may wait. Whatever renders shares the
interpreter with the clients' loop in slices of a millisecond (docs/decisions/metrics-server.md).
"""

import asyncio
import base64
import gzip
import hmac
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import choose_encoder

from iot_facerecognition_server.listening import listen
from iot_facerecognition_server.observability.fleet_api import API_PATH, FleetApi, failure
from iot_facerecognition_server.observability.http_thread import HttpThread, Reply, Request
from iot_facerecognition_server.observability.readiness import ProbeResult

SCRAPES: Final = 4
"""Scrapes that are rendered or wait for that at a time; further ones get 503."""
QUESTIONS: Final = 4
"""The same of requests to the API, which do not wait for scrapes."""
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
    """Answers `/metrics`, `/livez`, `/readyz` and `/api/…` until it is closed.

    `/metrics` and the API ask for credentials, each for its own: the others say nothing but how the
    server is.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        credentials: Credentials | None,
        exposition: Exposition,
        api: FleetApi,
        live: Callable[[], ProbeResult],
        ready: Callable[[], ProbeResult],
    ) -> None:
        """Take the parts; `start` opens the port (0: any free one). No `context`: plain HTTP."""
        self._address = (host, port)
        self._context = context
        self._credentials = credentials
        self._exposition = exposition
        self._api = api
        self._verdicts = {"/livez": live, "/readyz": ready}
        self._renderer = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        self._scrapes = threading.Semaphore(SCRAPES)
        self._answerer = ThreadPoolExecutor(1, thread_name_prefix="api")
        self._questions = threading.Semaphore(QUESTIONS)
        self._http: HttpThread | None = None
        self._port = port

    @property
    def port(self) -> int:
        """The port that is listened on; before `start`, the one to be."""
        return self._port

    def start(self) -> None:
        """Open the port. Raises AddressInUseError and CannotListenError."""
        listeners = listen(*self._address, "Metrics")
        self._port = int(listeners[0].getsockname()[1])
        self._http = HttpThread(listeners, self._context, self._reply)
        self._http.start()

    def close(self) -> None:
        """Close the port; what is being rendered ends in its own time."""
        if self._http is not None:
            self._http.close()
        for threads in (self._renderer, self._answerer):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _reply(self, request: Request) -> Reply:
        """Answer on the thread's event loop, but for what takes time, which another thread does."""
        if request.path.startswith(API_PATH):
            return await self._ask_api(request)
        quick = self._without_metrics(request)
        if quick is not None:
            return _as_reply(quick)
        if not self._scrapes.acquire(blocking=False):
            busy = b"too many scrapes at a time\n"
            return _as_reply(Answer(HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, busy))
        rendering = self._renderer.submit(self._render, request)
        rendering.add_done_callback(lambda _: self._scrapes.release())
        return await asyncio.wrap_future(rendering)

    async def _ask_api(self, request: Request) -> Reply:
        if not self._questions.acquire(blocking=False):
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests at a time")
        answering = self._answerer.submit(self._api.reply, request)
        answering.add_done_callback(lambda _: self._questions.release())
        return await asyncio.wrap_future(answering)

    def _without_metrics(self, request: Request) -> Answer | None:
        """Return the answer to anything but a scrape that is allowed."""
        path = request.path.partition("?")[0]
        if path in self._verdicts:
            verdict = self._verdicts[path]()
            status = HTTPStatus.OK if verdict.good else HTTPStatus.SERVICE_UNAVAILABLE
            return Answer(status, _PLAIN, ("\n".join(verdict.lines) + "\n").encode())
        if path != "/metrics":
            return Answer(
                HTTPStatus.NOT_FOUND, _PLAIN, b"/metrics, /livez, /readyz or /api/v1/...\n"
            )
        given = request.headers.get("authorization")
        if self._credentials is not None and not self._credentials.match(given):
            return Answer(HTTPStatus.UNAUTHORIZED, _PLAIN, b"wrong user or password\n")
        return None

    def _render(self, request: Request) -> Reply:
        """Return the metrics in the format and the encoding that are asked for."""
        rendered = self._exposition.render(request.headers.get("accept", ""))
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return _as_reply(rendered)
        body = gzip.compress(rendered.body, 1)
        headers = {"Content-Type": rendered.kind, "Content-Encoding": "gzip"}
        return Reply(rendered.status, headers, body)


def _as_reply(answer: Answer) -> Reply:
    headers = {"Content-Type": answer.kind}
    if answer.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="metrics"'
    return Reply(answer.status, headers, answer.body)
