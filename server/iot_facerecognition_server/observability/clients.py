"""What is counted for each client, and how it is exported while the client is connected."""

import re
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_protocol import CameraState, Health, Version
from iot_facerecognition_protocol.rates import RecentRate
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.catalogue import Family
from iot_facerecognition_server.observability.client_labels import (
    OTHER,
    IdentityLabels,
    LabelBudget,
    LabelLimits,
)

VERSIONS: Final = 50
RATE_SECONDS: Final = 5.0
_VERSION = re.compile(r"[0-9A-Za-z.+_-]{1,40}")
_CONDITIONS: Final = (
    (0, "under_voltage"),
    (1, "frequency_capped"),
    (2, "throttled"),
    (3, "soft_temperature_limit"),
)
"""Bits of `vcgencmd get_throttled`; the same since boot are 16 higher."""
_SINCE_BOOT: Final = 16


class LatencyCounts:
    """A histogram of seconds, as plain numbers: thousands of them are cheap."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(catalogue.CLIENT_TIMES) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(catalogue.CLIENT_TIMES, seconds)] += 1
        self.total += seconds


class ClientCounts:
    """Everything that is counted for one client; changed on the event loop's thread only."""

    __slots__ = (
        "connected", "dropped", "health", "health_at", "identity", "labels", "latency", "processed",
        "protocol", "rate", "received", "received_bytes", "rejected", "sent_bytes", "version",
    )  # fmt: skip

    def __init__(self, protocol: Version, identity: str, connected: float) -> None:
        """Begin at zero; `connected` is in seconds since 1970."""
        self.protocol = protocol
        self.identity = identity
        self.connected = connected
        self.labels: tuple[str, str] | None = None
        """Values of `identity` and `client`; None until there is something to tell."""
        self.version = ""
        self.received = self.processed = self.rejected = 0
        self.received_bytes = self.sent_bytes = 0
        self.dropped: Counter[str] = Counter()
        self.latency: dict[str, LatencyCounts] = {}
        self.rate = RecentRate(RATE_SECONDS)
        self.health: Health | None = None
        self.health_at = 0.0


_Labelled = tuple[tuple[str, str], ClientCounts]
"""A client with something to export, and the values of `identity` and `client`."""


class ClientCollector(Collector):
    """Tells the counts of those who are connected; with a client its series end.

    Joining, leaving and naming happen on the event loop's thread, collecting on any other.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        limits: LabelLimits,
    ) -> None:
        """`clock` is monotonic, `wall_clock` counts from 1970, both in seconds."""
        self._clock = clock
        self._wall_clock = wall_clock
        self._labels = IdentityLabels(limits)
        self._versions = LabelBudget(VERSIONS, limits.memory)
        self._lock = threading.Lock()
        self._clients: dict[int, ClientCounts] = {}

    def join(self, key: int, protocol: Version, identity: str) -> ClientCounts:
        """Return the counts of a new client, which is known as `identity`."""
        counts = ClientCounts(protocol, identity, self._wall_clock())
        with self._lock:
            self._clients[key] = counts
        return counts

    def name(self, key: int, name: str) -> None:
        """Export the client, under `name`."""
        counts, now = self._clients[key], self._clock()
        if counts.labels is None:
            counts.labels = self._labels.enter(key, counts.identity, name, now)
        else:
            counts.labels = self._labels.rename(key, name, now)

    def set_health(self, key: int, health: Health) -> None:
        """Keep the newest health, and the first version."""
        counts = self._clients[key]
        counts.health, counts.health_at = health, self._wall_clock()
        if not counts.version and health.version:
            fits = _VERSION.fullmatch(health.version)
            counts.version = self._versions.admit(health.version, self._clock()) if fits else OTHER

    def leave(self, key: int) -> None:
        """Forget the client."""
        with self._lock:
            counts = self._clients.pop(key)
        if counts.labels is not None:
            self._labels.leave(key, self._clock())

    def collect(self) -> Iterator[Metric]:
        """Tell the counts of every client as they are now."""
        with self._lock:
            clients = [(c.labels, c) for c in self._clients.values() if c.labels is not None]
        yield from _identity(clients)
        yield from _traffic(clients, self._clock())
        yield from _health(clients)

    def describe(self) -> Iterator[Metric]:
        """Name the metrics, for the registry."""
        return map(metric, catalogue.CLIENT_FAMILIES)


def metric(family: Family) -> Metric:
    """Return an empty metric of `family`."""
    return Metric(family.full_name.removesuffix("_total"), family.meaning, str(family.kind), "")


def plain(family: Family, rows: Sequence[tuple[tuple[str, ...], float | None]]) -> Metric:
    """Return a metric with a sample for each row of label values and a value; None is left out."""
    made = metric(family)
    name = family.full_name
    for labels, value in rows:
        if value is not None:
            made.add_sample(name, dict(zip(family.labels, labels, strict=True)), float(value))
    return made


def _identity(clients: Sequence[_Labelled]) -> Iterator[Metric]:
    rows = [((*labels, str(c.protocol.value), c.version), 1.0) for labels, c in clients]
    yield plain(catalogue.CLIENT_INFO, rows)
    yield plain(catalogue.CLIENT_CONNECTED, [(labels, c.connected) for labels, c in clients])


def _traffic(clients: Sequence[_Labelled], now: float) -> Iterator[Metric]:
    columns: tuple[tuple[Family, Callable[[ClientCounts], float]], ...] = (
        (catalogue.CLIENT_RECEIVED, lambda c: c.received),
        (catalogue.CLIENT_PROCESSED, lambda c: c.processed),
        (catalogue.CLIENT_REJECTED, lambda c: c.rejected),
        (catalogue.CLIENT_RECEIVED_BYTES, lambda c: c.received_bytes),
        (catalogue.CLIENT_SENT_BYTES, lambda c: c.sent_bytes),
        (catalogue.CLIENT_FRAME_RATE, lambda c: c.rate.rate(now)),
    )
    for family, value in columns:
        yield plain(family, [(labels, value(c)) for labels, c in clients])
    dropped = [
        ((*labels, reason), n) for labels, c in clients for reason, n in c.dropped.copy().items()
    ]
    yield plain(catalogue.CLIENT_DROPPED, dropped)
    yield _latencies(clients)


def _latencies(clients: Sequence[_Labelled]) -> Metric:
    family = catalogue.CLIENT_LATENCY
    made, name = metric(family), family.full_name
    bounds = [*map(str, family.buckets), "+Inf"]
    for (identity, name_label), client in clients:
        for kind, latency in client.latency.copy().items():
            labels = {"identity": identity, "client": name_label, "kind": kind}
            below = 0
            for bound, count in zip(bounds, latency.counts.copy(), strict=True):
                below += count
                made.add_sample(f"{name}_bucket", {**labels, "le": bound}, below)
            made.add_sample(f"{name}_count", labels, below)
            made.add_sample(f"{name}_sum", labels, latency.total)
    return made


def _health(clients: Sequence[_Labelled]) -> Iterator[Metric]:
    reported = [(labels, c.health_at, c.health) for labels, c in clients if c.health is not None]
    columns: tuple[tuple[Family, Callable[[Health], float | None]], ...] = (
        (catalogue.EDGE_TEMPERATURE, lambda h: h.cpu_temperature),
        (catalogue.EDGE_WIFI_SIGNAL, lambda h: h.wifi_signal),
        (catalogue.EDGE_MEMORY_FREE, lambda h: h.memory_free),
        (catalogue.EDGE_UPTIME, lambda h: h.uptime),
        (catalogue.EDGE_CAPTURE_RATE, lambda h: h.capture_fps),
        (catalogue.EDGE_FRAME_RATE_SETTING, lambda h: h.frame_rate),
        (catalogue.EDGE_DROPS, lambda h: h.drops),
    )
    cameras = [(labels, h.camera) for labels, _, h in reported if h.camera in set(CameraState)]
    yield plain(
        catalogue.EDGE_CAMERA_STATE,
        [((*labels, state), state == now) for labels, now in cameras for state in CameraState],
    )
    yield plain(catalogue.EDGE_HEALTH_TIME, [(labels, at) for labels, at, _ in reported])
    for family, value in columns:
        yield plain(family, [(labels, value(health)) for labels, _, health in reported])
    flags = [(labels, h.throttled) for labels, _, h in reported if h.throttled is not None]
    for family, shift in (
        (catalogue.EDGE_THROTTLING, 0),
        (catalogue.EDGE_THROTTLED_SINCE_BOOT, _SINCE_BOOT),
    ):
        yield plain(
            family,
            [
                ((*labels, condition), field >> (bit + shift) & 1)
                for labels, field in flags
                for bit, condition in _CONDITIONS
            ],
        )
