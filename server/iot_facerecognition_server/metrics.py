"""What the server counts, as Prometheus metrics in a registry of the caller's."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


class ServerMetrics:
    """The counters and gauges that the parts of the server feed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        prefix = "iot_facerecognition_"
        self.clients = Gauge(prefix + "clients", "Clients that are connected.", registry=registry)
        self.refused = Counter(
            prefix + "connections_refused",
            "Connections that were turned away, by reason.",
            ["reason"],
            registry=registry,
        )
        self.received = Counter(
            prefix + "frames_received", "Frames that arrived.", registry=registry
        )
        self.received_bytes = Counter(
            prefix + "received_bytes", "Bytes of all messages that arrived.", registry=registry
        )
        self.sent_bytes = Counter(
            prefix + "sent_bytes", "Bytes of all messages sent.", registry=registry
        )
        self.processed = Counter(
            prefix + "frames_processed", "Frames that were worked on.", registry=registry
        )
        self.dropped = Counter(
            prefix + "frames_dropped",
            "Good frames that gave way, by reason.",
            ["reason"],
            registry=registry,
        )
        self.rejected = Counter(
            prefix + "input_rejected",
            "Frames and messages that could not be taken, by reason.",
            ["reason"],
            registry=registry,
        )
        self.ignored = Counter(
            prefix + "messages_ignored",
            "Messages with a command that is not for a server.",
            registry=registry,
        )
        self.faces = Counter(
            prefix + "faces", "Faces in results, known and unknown.", ["kind"], registry=registry
        )
        self.queue_seconds = Histogram(
            prefix + "queue_seconds",
            "From the arrival of a frame to the start of its work.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.latency_seconds = Histogram(
            prefix + "latency_seconds",
            "From the arrival of a frame to the sending of its faces.",
            buckets=_SECONDS,
            registry=registry,
        )
