"""What the server counts, as Prometheus metrics in a registry of the caller's."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from iot_facerecognition_protocol import DropReason, ErrorCode, Health, Version
from iot_facerecognition_protocol.settings import UNNAMED
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.catalogue import Family
from iot_facerecognition_server.observability.client_labels import LabelLimits
from iot_facerecognition_server.observability.clients import (
    ClientCollector,
    ClientCounts,
    LatencyCounts,
)

GONE: Final = "gone"
"""Why a frame was dropped whose client had left before its end; nobody is left to be told."""
AUTHENTICATION: Final = "authentication"
"""Why a connection was refused that could not prove to be allowed."""
NOT_TLS: Final = "not-tls"
"""Why a connection was refused that spoke something else on the TLS port."""
PROXY_HEADER: Final = "proxy-header"
"""Why a connection was refused that came from a proxy and did not say rightly for whom."""
TLS_FAILED: Final = "tls-failed"
"""Why a connection was refused whose TLS handshake failed; AUTHENTICATION for its certificate."""
HANDSHAKE_TIMEOUT: Final = "handshake-timeout"
"""Why a connection was refused that did not finish its handshake in time."""
TOO_MANY_HANDSHAKES: Final = "too-many-handshakes"
"""Why a connection was refused when too many were in their handshake."""
PAIRING: Final = "pairing"
"""Why a connection was refused that wanted to pair and could not."""
ORIGIN: Final = "origin"
"""Why a connection was refused that a web page of somebody else opened."""
REFUSALS: Final = "refusals"
"""Why a log line was left out: many connections were refused for one reason."""
BUDGET: Final = "budget"
"""Why a log line was left out: its identity had spent its budget."""
REPEATED: Final = "repeated"
"""Why a log line was left out: there were many of its kind."""
LOST: Final = "lost"
"""Why a log line was left out: writing was slower than logging."""
_LEFT_OUT: Final = (REFUSALS, BUDGET, REPEATED, LOST)
OUTCOMES: Final = ("right", "wrong", "late")
"""How a worker answers that is asked for the known answer."""
_REFUSALS: Final = (
    AUTHENTICATION,
    PAIRING,
    ORIGIN,
    NOT_TLS,
    PROXY_HEADER,
    TLS_FAILED,
    HANDSHAKE_TIMEOUT,
    TOO_MANY_HANDSHAKES,
    str(ErrorCode.TOO_MANY_CLIENTS),
    str(ErrorCode.TOO_MANY_CONNECTIONS),
    str(ErrorCode.FLOODING),
)
_REJECTIONS: Final = (
    *(code for code in ErrorCode if code not in {*_REFUSALS, ErrorCode.FRAME_RATE}),
    ErrorCode.FLOODING,
)


def _counter(family: Family, registry: CollectorRegistry) -> Counter:
    name = family.full_name.removesuffix("_total")
    return Counter(name, family.meaning, family.labels, registry=registry)


def _gauge(family: Family, registry: CollectorRegistry) -> Gauge:
    return Gauge(family.full_name, family.meaning, family.labels, registry=registry)


def _histogram(family: Family, registry: CollectorRegistry) -> Histogram:
    return Histogram(
        family.full_name,
        family.meaning,
        family.labels,
        buckets=family.buckets,
        registry=registry,
    )


class ServerMetrics:
    """The counters that the parts of the server feed, on any thread."""

    def __init__(
        self,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        labels: LabelLimits = LabelLimits(),  # noqa: B008 - a value
    ) -> None:
        """`clock` is monotonic, `wall_clock` counts from 1970, both in seconds."""
        self._clock = clock
        self._collector = ClientCollector(clock, wall_clock, labels)
        registry.register(self._collector)
        self.clients = _gauge(catalogue.CLIENTS, registry)
        self.refused = _counter(catalogue.CONNECTIONS_REFUSED, registry)
        self.authentication_failures = _counter(catalogue.AUTHENTICATION_FAILURES, registry)
        self.received = _counter(catalogue.FRAMES_RECEIVED, registry)
        self.received_bytes = _counter(catalogue.RECEIVED_BYTES, registry)
        self.sent_bytes = _counter(catalogue.SENT_BYTES, registry)
        self.processed = _counter(catalogue.FRAMES_PROCESSED, registry)
        self.dropped = _counter(catalogue.FRAMES_DROPPED, registry)
        self.rejected = _counter(catalogue.INPUT_REJECTED, registry)
        self.ignored = _counter(catalogue.MESSAGES_IGNORED, registry)
        self.results = _counter(catalogue.RESULTS, registry)
        self.faces = _counter(catalogue.FACES, registry)
        self.queue_seconds = _histogram(catalogue.QUEUE_SECONDS, registry)
        self.latency_seconds = _histogram(catalogue.LATENCY_SECONDS, registry)
        self.stage_seconds = _histogram(catalogue.STAGE_SECONDS, registry)
        self.network_seconds = _histogram(catalogue.NETWORK_SECONDS, registry)
        self.batch_size = _histogram(catalogue.BATCH_SIZE, registry)
        self.out_of_memory = _counter(catalogue.OUT_OF_MEMORY, registry)
        self.loop_lag_seconds = _histogram(catalogue.LOOP_LAG_SECONDS, registry)
        self.background_failures = _counter(catalogue.BACKGROUND_FAILURES, registry)
        self.workers_replaced = _counter(catalogue.WORKERS_REPLACED, registry)
        self.tools_renewed = _counter(catalogue.TOOLS_RENEWED, registry)
        self.self_tests = _counter(catalogue.SELF_TESTS, registry)
        self.log_lines_left_out = _counter(catalogue.LOG_LINES_LEFT_OUT, registry)
        self.exposition_seconds = _gauge(catalogue.EXPOSITION_SECONDS, registry)

        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Let every series exist before the first event, or its rate misses that one."""
        for reason in (*DropReason, GONE):
            self.dropped.labels(str(reason))
        for code in _REJECTIONS:
            self.rejected.labels(str(code))
        for reason in _REFUSALS:
            self.refused.labels(reason)
        for reason in _LEFT_OUT:
            self.log_lines_left_out.labels(reason)
        for outcome in OUTCOMES:
            self.self_tests.labels(outcome)
        for kind in ("faces", "objects"):
            self.results.labels(kind)
            self.latency_seconds.labels(kind)
        for kind in ("known", "unknown"):
            self.faces.labels(kind)

    def expect_workers(self, threads: Iterable[str]) -> None:
        """Let the threads of the engine have a series from the start."""
        for thread in threads:
            self.workers_replaced.labels(thread)

    def worker_replaced(self, thread: str) -> None:
        """Tell that a thread of the engine, by its name, failed and was replaced."""
        self.workers_replaced.labels(thread).inc()

    def join(self, key: int, protocol: Version, identity: str) -> "ClientMetrics":
        """Return what is to be fed for a new client of `identity`; `key` tells clients apart."""
        self.clients.inc()
        return ClientMetrics(
            self, self._collector, key, self._collector.join(key, protocol, identity), self._clock
        )


class ClientMetrics:
    """Counts for one client and for the server at once; on the event loop's thread only."""

    def __init__(
        self,
        server: ServerMetrics,
        collector: ClientCollector,
        key: int,
        counts: ClientCounts,
        clock: Callable[[], float],
    ) -> None:
        """Count into `counts`, which `collector` tells; `leave` ends it."""
        self._server = server
        self._collector = collector
        self._key = key
        self._clock = clock
        self._counts = counts
        self.when_processed: Callable[[], None] = lambda: None
        """Called for each frame of the client's that was worked on."""

    def named(self, name: str) -> None:
        """Tell that the client goes by `name` now."""
        self._collector.name(self._key, name)

    def message_received(self, size: int) -> None:
        """Tell that a message of `size` bytes arrived."""
        self._server.received_bytes.inc(size)
        self._counts.received_bytes += size

    def message_sent(self, size: int) -> None:
        """Tell that a message of `size` bytes went into the socket."""
        self._server.sent_bytes.inc(size)
        self._counts.sent_bytes += size

    def frame_received(self) -> None:
        """Tell that a frame arrived."""
        if self._counts.labels is None:
            self._collector.name(self._key, UNNAMED)
        self._server.received.inc()
        self._counts.received += 1

    def frame_processed(self, queue_seconds: float) -> None:
        """Tell that a frame was worked on, `queue_seconds` after its arrival."""
        self._server.processed.inc()
        self._server.queue_seconds.observe(queue_seconds)
        self._counts.processed += 1
        self._counts.rate.count(self._clock())
        self.when_processed()

    def frame_dropped(self, reason: str) -> None:
        """Count a good frame that was dropped."""
        self._server.dropped.labels(reason).inc()
        self._counts.dropped[reason] += 1

    def rejected(self, reason: str) -> None:
        """Tell that something the client sent could not be taken."""
        self._server.rejected.labels(reason).inc()
        self._counts.rejected += 1

    def ignored(self) -> None:
        """Tell that the client sent a command that is not for a server."""
        self._server.ignored.inc()

    def result_sent(self, kind: str, received: float) -> None:
        """Tell that a result left, of a frame that arrived at `received` (monotonic seconds)."""
        seconds = self._clock() - received
        self._server.results.labels(kind).inc()
        self._server.latency_seconds.labels(kind).observe(seconds)
        self._counts.latency.setdefault(kind, LatencyCounts()).observe(seconds)

    def face_seen(self, *, known: bool) -> None:
        """Tell that a result holds a face."""
        self._server.faces.labels("known" if known else "unknown").inc()

    def told_health(self, health: Health) -> None:
        """Keep what the client told of how it is doing."""
        if self._counts.labels is None:
            self._collector.name(self._key, UNNAMED)
        self._collector.told_health(self._key, health)

    def leave(self) -> None:
        """Tell that the client has gone: its series end."""
        self._server.clients.dec()
        self._collector.leave(self._key)
