"""Every metric of the server, declared once: name, type, meaning, labels.

What the server counts with and the page of the documentation are both made from this.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "iot_facerecognition_"
"""Beginning of every name that is ours."""


class MetricType(StrEnum):
    """The types of the Prometheus exposition format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `name` is without the prefix; a counter's is with the `_total` at its end."""

    name: str
    kind: MetricType
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as it is exposed."""
        return PREFIX + self.name


LABELS: Final = {
    "identity": "Who authenticated: the token's name, the certificate's subject, or with `[Auth]"
    " Mode=open` the address. The server gives out 1000 identities a day; beyond that it is"
    " `other`.",
    "client": "The client's name, which it chooses itself. A second client of the same identity and"
    " name is `NAME~2`. A connection may change its label three times, and an identity may use"
    " `[Budget] Names` names a day; beyond that a client is `other`.",
    "reason": "Why, in a word of the protocol (`docs/protocol.md`). Of log lines: `refusals` (many"
    " connections refused for one reason), `budget` (`[Budget] LogLines`), `repeated` (`[Log]"
    " LinesPerMinute`), `lost` (writing was slower than logging).",
    "kind": "`faces` or `objects` of results, `known` or `unknown` of faces.",
    "stage": "`decode`, `detect`, `align` (a face), `match` (a frame's faces).",
    "network": "`descriptor`, `classifier` or, with `[Engine] Detector=cnn`, `detector`.",
    "task": "The name of the background task, or `feed` for a listener of the feed.",
    "listener": "The name of the listener of the feed.",
    "thread": "`worker-N`, or the name of a network with a thread of its own.",
    "outcome": "`right`, `wrong`, or `late` for no answer within 30 s.",
    "condition": "`under_voltage`, `frequency_capped`, `throttled` or `soft_temperature_limit`.",
    "state": "Of a camera: `off` (not wanted: the edge is paused), `starting`, `running` or"
    " `failed`. Of an update: a state of `docs/fleet-api.md`.",
    "desired": "Software version that operators want on the edge; empty: none.",
    "reported": "Software version on the edge's disk; empty: not known.",
    "running": "Software version that the edge is connected with; empty: it is not connected.",
    "limit": "`clients`, `address-connections`, `identity-connections`, `handshakes` or"
    " `unfinished-bytes`.",
    "protocol": "1 or 2.",
    "version": "Software version: letters, digits and `.+_-`; anything else is `other`.",
    "device": "`cpu` or `cuda`.",
    "asked": "What `[Engine] Device` says.",
    "precision": "`fp32`, `bf16` or `fp16`.",
    "sha256": "SHA-256 of the file.",
    "model": "What the file is for.",
    "gpu": "Number of the GPU, from 0.",
    "name": "Name of the GPU.",
    "driver": "Version of the GPU's driver.",
}

SHORT_TIMES: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0),
)
TIMES: Final = (
    *(0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0),
)
CLIENT_TIMES: Final = (
    *(0.02, 0.05, 0.1, 0.15, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0),
)
"""A quantile never shows more than the highest bound. A frame may wait `[Engine] MaxFrameAge` (5 s
by default) before its work begins, and the objects of an overloaded server have taken more than a
minute: these bounds and those above go far beyond."""
BATCHES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


def _counter(name: str, meaning: str, *labels: str) -> Family:
    return Family(name, MetricType.COUNTER, meaning, labels)


def _gauge(name: str, meaning: str, *labels: str) -> Family:
    return Family(name, MetricType.GAUGE, meaning, labels)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Family:
    return Family(name, MetricType.HISTOGRAM, meaning, labels, buckets)


CLIENTS: Final = _gauge("clients", "Clients that are connected.")
CONNECTIONS_REFUSED: Final = _counter(
    "connections_refused_total", "Connections that were rejected.", "reason"
)
AUTHENTICATION_FAILURES: Final = _counter(
    "authentication_failures_total", "Connections that could not prove to be allowed."
)
FRAMES_RECEIVED: Final = _counter("frames_received_total", "Frames that arrived.")
FRAMES_PROCESSED: Final = _counter("frames_processed_total", "Frames that were worked on.")
FRAMES_DROPPED: Final = _counter(
    "frames_dropped_total",
    "Good frames that were dropped, by reason; `gone`: the client had left.",
    "reason",
)
INPUT_REJECTED: Final = _counter(
    "input_rejected_total", "Frames and messages that could not be taken.", "reason"
)
MESSAGES_IGNORED: Final = _counter(
    "messages_ignored_total", "Messages with a command that is not for a server."
)
RECEIVED_BYTES: Final = _counter("received_bytes_total", "Bytes of all messages that arrived.")
SENT_BYTES: Final = _counter("sent_bytes_total", "Bytes of all messages sent.")
RESULTS: Final = _counter("results_total", "Results that were sent.", "kind")
FACES: Final = _counter("faces_total", "Faces in results.", "kind")
FRAMES_WAITING: Final = _gauge("frames_waiting", "Frames that wait for their turn.")
FRAMES_UNDER_WAY: Final = _gauge("frames_under_way", "Frames at the engine.")
OBJECTS_UNDER_WAY: Final = _gauge(
    "objects_under_way",
    "Clients with a frame at the engine that is being searched for objects; divided by the rate of"
    " results, the time that one takes.",
)
QUEUE_SECONDS: Final = _histogram(
    "queue_seconds", "From the arrival of a frame to the start of its work.", TIMES
)
LATENCY_SECONDS: Final = _histogram(
    "latency_seconds",
    "From the arrival of a frame to the moment its result went into the socket.",
    TIMES,
    "kind",
)
STAGE_SECONDS: Final = _histogram(
    "stage_seconds", "Time of one call of a stage, on one worker thread.", SHORT_TIMES, "stage"
)
NETWORK_SECONDS: Final = _histogram(
    "network_seconds", "Time of one run of a network over a batch.", SHORT_TIMES, "network"
)
BATCH_SIZE: Final = _histogram(
    "batch_size", "Pictures in one run of a network.", BATCHES, "network"
)
OUT_OF_MEMORY: Final = _counter(
    "out_of_memory_total",
    "Batches that were too much for the GPU's memory; they were run again in halves.",
    "network",
)
LOOP_LAG_SECONDS: Final = _histogram(
    "event_loop_lag_seconds",
    "How much later than planned the event loop came to a task that sleeps 0.1 s.",
    SHORT_TIMES,
)
BACKGROUND_FAILURES: Final = _counter(
    "background_failures_total", "Background tasks that failed and were started again.", "task"
)
WORKERS_REPLACED: Final = _counter(
    "workers_replaced_total", "Threads of the engine that failed and were replaced.", "thread"
)
TOOLS_RENEWED: Final = _counter(
    "tools_renewed_total",
    "Times that a worker got a new decoder and detector, since its own had failed.",
)
SELF_TESTS: Final = _counter(
    "self_tests_total",
    "Recognitions of the known picture by one worker while the server serves.",
    "outcome",
)
LOG_LINES_LEFT_OUT: Final = _counter(
    "log_lines_left_out_total",
    "Lines that were not written to the log, or not to one of console and file.",
    "reason",
)
FEED_EVENTS_LOST: Final = _counter(
    "feed_events_lost_total",
    "Events about clients that a listener was too slow for.",
    "listener",
)
EXPOSITION_SECONDS: Final = _gauge(
    "exposition_seconds", "How long the answer to the scrape before this one took to make."
)
LIMIT: Final = _gauge(
    "limit",
    "What the server is configured to take at most: `[Limits] Clients`, `ConnectionsPerAddress`,"
    " `[Budget] Connections`, `[Limits] Handshakes` and `UnfinishedBytes`. One that is 0 (any"
    " number) is left out.",
    "limit",
)
LIMIT_USED: Final = _gauge(
    "limit_used",
    "What is taken of `limit` now; of limits for each address or identity, by the one that takes"
    " most.",
    "limit",
)
READY: Final = _gauge(
    "ready",
    "1 when models are loaded, the self-test was passed, by every worker the last time that it was"
    " asked, and the port listens, else 0.",
)
GALLERY_PEOPLE: Final = _gauge("gallery_people", "People who are known.")
GALLERY_REFERENCES: Final = _gauge("gallery_references", "Reference photos in the gallery.")
BUILD_INFO: Final = _gauge("build_info", "1, with the version of the server.", "version")
ENGINE_INFO: Final = _gauge(
    "engine_info", "1, with where and how the networks run.", "device", "asked", "precision"
)
MODEL_INFO: Final = _gauge("model_info", "1, for each model file in use.", "model", "sha256")
CERTIFICATE_EXPIRY: Final = _gauge(
    "certificate_expiry_timestamp_seconds",
    "When the certificate that clients are shown expires, in seconds since 1970.",
)
DISK_FREE: Final = _gauge(
    "state_disk_free_bytes", "Free bytes of the file system with the state directory."
)
DISK_SIZE: Final = _gauge(
    "state_disk_size_bytes", "Size of the file system with the state directory."
)

GPU_INFO: Final = _gauge("gpu_info", "1, for each GPU.", "gpu", "name", "driver")
GPU_UTILISATION: Final = _gauge(
    "gpu_utilization_ratio", "Part of the time in which the GPU was at work, 0 to 1.", "gpu"
)
GPU_MEMORY_USED: Final = _gauge("gpu_memory_used_bytes", "Used memory of the GPU.", "gpu")
GPU_MEMORY_SIZE: Final = _gauge("gpu_memory_size_bytes", "Memory of the GPU.", "gpu")
GPU_TEMPERATURE: Final = _gauge("gpu_temperature_celsius", "Temperature of the GPU.", "gpu")
GPU_POWER: Final = _gauge("gpu_power_watts", "Power that the GPU draws.", "gpu")

CLIENT_INFO: Final = _gauge(
    "client_info",
    "1, for each client that is connected and has given a name, a frame or its health; the version"
    " is the first that HEALTH reported, empty before.",
    "identity",
    "client",
    "protocol",
    "version",
)
CLIENT_CONNECTED: Final = _gauge(
    "client_connected_timestamp_seconds",
    "When the client connected, in seconds since 1970.",
    "identity",
    "client",
)
CLIENT_RECEIVED: Final = _counter(
    "client_frames_received_total", "Frames that the client sent.", "identity", "client"
)
CLIENT_PROCESSED: Final = _counter(
    "client_frames_processed_total",
    "The client's frames that were worked on.",
    "identity",
    "client",
)
CLIENT_DROPPED: Final = _counter(
    "client_frames_dropped_total",
    "The client's good frames that were dropped, by reason.",
    "identity",
    "client",
    "reason",
)
CLIENT_REJECTED: Final = _counter(
    "client_input_rejected_total",
    "What the client sent and could not be taken.",
    "identity",
    "client",
)
CLIENT_RECEIVED_BYTES: Final = _counter(
    "client_received_bytes_total", "Bytes of the client's messages.", "identity", "client"
)
CLIENT_SENT_BYTES: Final = _counter(
    "client_sent_bytes_total", "Bytes of messages to the client.", "identity", "client"
)
CLIENT_FRAME_RATE: Final = _gauge(
    "client_frame_rate",
    "Frames of the client that were worked on, a second, over the last five seconds.",
    "identity",
    "client",
)
CLIENT_LATENCY: Final = _histogram(
    "client_latency_seconds",
    "From the arrival of the client's frame to the moment its result went into the socket.",
    CLIENT_TIMES,
    "identity",
    "client",
    "kind",
)

EDGE_HEALTH_TIME: Final = _gauge(
    "edge_health_timestamp_seconds",
    "When the edge last reported its health, in seconds since 1970.",
    "identity",
    "client",
)
EDGE_TEMPERATURE: Final = _gauge(
    "edge_cpu_temperature_celsius", "Temperature of the edge's processor.", "identity", "client"
)
EDGE_THROTTLING: Final = _gauge(
    "edge_throttling",
    "1 while the condition holds at the edge, else 0.",
    "identity",
    "client",
    "condition",
)
EDGE_THROTTLED_SINCE_BOOT: Final = _gauge(
    "edge_throttled_since_boot",
    "1 when the condition has held since the edge was started, else 0.",
    "identity",
    "client",
    "condition",
)
EDGE_WIFI_SIGNAL: Final = _gauge(
    "edge_wifi_signal_dbm", "Strength of the edge's Wi-Fi signal.", "identity", "client"
)
EDGE_MEMORY_FREE: Final = _gauge(
    "edge_memory_free_bytes",
    "Memory that is available to programs at the edge.",
    "identity",
    "client",
)
EDGE_UPTIME: Final = _gauge(
    "edge_uptime_seconds", "Time since the edge was started.", "identity", "client"
)
EDGE_CAPTURE_RATE: Final = _gauge(
    "edge_capture_rate", "Frames a second that the edge's camera gives.", "identity", "client"
)
EDGE_FRAME_RATE_SETTING: Final = _gauge(
    "edge_frame_rate_setting",
    "Frames a second that the edge is set to send; an alert compares with it.",
    "identity",
    "client",
)
EDGE_CAMERA_STATE: Final = _gauge(
    "edge_camera_state",
    "1 for what the edge's camera is doing, 0 for the other states; an alert distinguishes a dead"
    " camera from one that is off.",
    "identity",
    "client",
    "state",
)
EDGE_DROPS: Final = _counter(
    "edge_frames_dropped_total",
    "Frames that the edge itself dropped since its start.",
    "identity",
    "client",
)

FLEET_UPDATE_STATE: Final = _gauge(
    "fleet_update_state",
    "1 for the state of the edge's newest software update, 0 for the others; none without update.",
    *("identity", "state"),
)
FLEET_VERSION_INFO: Final = _gauge(
    "fleet_version_info",
    "1, for each edge on record, connected or not.",
    *("identity", "desired", "reported", "running"),
)
FLEET_NOT_RECORDED: Final = _counter(
    "fleet_not_recorded_total", "Connections of edges for which the record had no room."
)

FLEET_FAMILIES: Final = (FLEET_UPDATE_STATE, FLEET_VERSION_INFO, FLEET_NOT_RECORDED)
CLIENT_FAMILIES: Final = (
    CLIENT_INFO,
    CLIENT_CONNECTED,
    CLIENT_RECEIVED,
    CLIENT_PROCESSED,
    CLIENT_DROPPED,
    CLIENT_REJECTED,
    CLIENT_RECEIVED_BYTES,
    CLIENT_SENT_BYTES,
    CLIENT_FRAME_RATE,
    CLIENT_LATENCY,
    EDGE_HEALTH_TIME,
    EDGE_TEMPERATURE,
    EDGE_THROTTLING,
    EDGE_THROTTLED_SINCE_BOOT,
    EDGE_WIFI_SIGNAL,
    EDGE_MEMORY_FREE,
    EDGE_UPTIME,
    EDGE_CAPTURE_RATE,
    EDGE_FRAME_RATE_SETTING,
    EDGE_CAMERA_STATE,
    EDGE_DROPS,
)
"""What is exported for each client."""


def families() -> tuple[Family, ...]:
    """Return every family, in the order of this file."""
    return tuple(value for value in globals().values() if isinstance(value, Family))
