"""What the server counts, as Prometheus metrics in a registry of the caller's."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from iot_facerecognition_protocol import DropReason, ErrorCode
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.catalogue import Family
from iot_facerecognition_server.observability.client_labels import LabelLimits
from iot_facerecognition_server.observability.clients import ClientCollector
from iot_facerecognition_server.sessions.events import GONE, ResultKind
from iot_facerecognition_server.sessions.refusal_reasons import (
    AUTHENTICATION,
    HANDSHAKE_TIMEOUT,
    NOT_TLS,
    ORIGIN,
    PAIRING,
    PROXY_HEADER,
    TLS_FAILED,
    TOO_MANY_HANDSHAKES,
)

REFUSALS: Final = "refusals"
"""Why a log line was left out: many connections were refused for one reason."""
BUDGET: Final = "budget"
"""Why a log line was left out: its identity had spent its budget."""
REPEATED: Final = "repeated"
"""Why a log line was left out: there were many of its kind."""
LOST: Final = "lost"
"""Why a log line was left out: writing was slower than logging."""
_LEFT_OUT: Final = (REFUSALS, BUDGET, REPEATED, LOST)
FEED: Final = "feed"
"""The name by which listeners of the feed that raise are counted."""
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
    """The counters of the server, for any thread."""

    def __init__(
        self,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        labels: LabelLimits = LabelLimits(),  # noqa: B008 - a value
    ) -> None:
        """`clock` is monotonic, `wall_clock` counts from 1970, both in seconds."""
        self.client_collector = ClientCollector(clock, wall_clock, labels)
        registry.register(self.client_collector)
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
        self.feed_events_lost = _counter(catalogue.FEED_EVENTS_LOST, registry)
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
        for result in ResultKind:
            self.results.labels(str(result))
            self.latency_seconds.labels(str(result))
        for kind in ("known", "unknown"):
            self.faces.labels(kind)

    def expect_workers(self, threads: Iterable[str]) -> None:
        """Let the threads of the engine have a series from the start."""
        for thread in threads:
            self.workers_replaced.labels(thread)

    def worker_replaced(self, thread: str) -> None:
        """Tell that a thread of the engine, by its name, failed and was replaced."""
        self.workers_replaced.labels(thread).inc()
