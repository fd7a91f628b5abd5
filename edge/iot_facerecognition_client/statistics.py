"""Counting what a client sends and gets: rates, latency, traffic, drops."""

from collections import deque

from iot_facerecognition_protocol.rates import RecentRate
from iot_facerecognition_protocol.records import dataclass

RATE_SECONDS = 3.0
"""Over how long the rates are measured."""


class LatencyWindow:
    """Percentiles of the last `size` latencies."""

    def __init__(self, size: int = 256) -> None:
        self._seconds: deque[float] = deque(maxlen=size)

    def add(self, seconds: float) -> None:
        """Take in one latency."""
        self._seconds.append(seconds)

    def percentile(self, percent: float) -> float | None:
        """Return the nearest-rank percentile in seconds, None without any latency."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        rank = round(percent / 100 * (len(ordered) - 1))
        return ordered[rank]


@dataclass(frozen=True, slots=True)
class ClientStatistics:
    """A client's counts since its start. Bytes are those of messages, without TLS and framing."""

    offered: int = 0
    """Frames given to `Client.send`."""
    sent: int = 0
    replaced: int = 0
    """Frames that a newer one replaced before they could be sent."""
    disconnected: int = 0
    """Frames dropped because there was no connection."""
    lost: int = 0
    """Frames sent and not answered before their connection ended or their credit was overdue."""
    results: int = 0
    """Face and object results received."""
    unreadable: int = 0
    """Messages from the server that were no message of the protocol."""
    unknown: int = 0
    """Messages with a command of a newer protocol, ignored."""
    connections: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    sent_fps: float = 0.0
    """Frames sent a second, over the last 3 seconds."""
    result_fps: float = 0.0
    """Face results a second, or object results where those come faster."""
    latency_p50: float | None = None
    """Seconds from capture to result, over the last 256 results; None over version 1."""
    latency_p95: float | None = None


class Counters:
    """Counts events as they happen; times are monotonic seconds, passed in."""

    def __init__(self) -> None:
        self.offered = 0
        self.sent = 0
        self.replaced = 0
        self.disconnected = 0
        self.lost = 0
        self.unreadable = 0
        self.unknown = 0
        self.connections = 0
        self.bytes_sent = 0
        self.bytes_received = 0
        self._results = 0
        self._sent_rate = RecentRate(RATE_SECONDS)
        self._face_rate = RecentRate(RATE_SECONDS)
        self._object_rate = RecentRate(RATE_SECONDS)
        self._latency = LatencyWindow()

    def frame_sent(self, now: float) -> None:
        """Count a frame handed to the transport."""
        self.sent += 1
        self._sent_rate.count(now)

    def faces_received(self, now: float, latency: float | None) -> None:
        """Count a face result."""
        self._result_received(self._face_rate, now, latency)

    def objects_received(self, now: float, latency: float | None) -> None:
        """Count an object result."""
        self._result_received(self._object_rate, now, latency)

    def _result_received(self, rate: RecentRate, now: float, latency: float | None) -> None:
        self._results += 1
        rate.count(now)
        if latency is not None:
            self._latency.add(latency)

    def snapshot(self, now: float) -> ClientStatistics:
        """Return all counts as they stand at `now`."""
        return ClientStatistics(
            offered=self.offered,
            sent=self.sent,
            replaced=self.replaced,
            disconnected=self.disconnected,
            lost=self.lost,
            results=self._results,
            unreadable=self.unreadable,
            unknown=self.unknown,
            connections=self.connections,
            bytes_sent=self.bytes_sent,
            bytes_received=self.bytes_received,
            sent_fps=self._sent_rate.rate(now),
            result_fps=max(self._face_rate.rate(now), self._object_rate.rate(now)),
            latency_p50=self._latency.percentile(50),
            latency_p95=self._latency.percentile(95),
        )
