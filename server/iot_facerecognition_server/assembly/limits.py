"""What connections are held to by the settings, and how near to it they are."""

import math

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.observability.limits import LimitReading
from iot_facerecognition_server.serving.admission import Admission
from iot_facerecognition_server.serving.server import ConnectionLimits, RecognitionServer


def connection_limits(config: Config) -> ConnectionLimits:
    """Return what every connection is held to."""
    limits = config.limits
    return ConnectionLimits(
        max(limits.frame_bytes, limits.text_bytes),
        limits.message_seconds,
        limits.unfinished_bytes,
        config.budget.waiting_bytes or math.inf,
        limits.handshake_seconds,
        limits.handshakes,
        limits.handshake_rate,
        limits.idle_seconds,
        limits.backlog_bytes,
    )


def limit_readings(
    config: Config, admission: Admission, server: RecognitionServer
) -> dict[str, LimitReading]:
    """Return the limits that a growing number of edges comes up against."""
    limits = config.limits
    return {
        "clients": LimitReading(limits.clients, lambda: admission.connections),
        "address-connections": LimitReading(
            limits.connections_per_address, lambda: admission.most_of_an_address
        ),
        "identity-connections": LimitReading(
            config.budget.connections, lambda: admission.most_of_an_identity
        ),
        "handshakes": LimitReading(limits.handshakes, lambda: server.handshakes),
        "unfinished-bytes": LimitReading(limits.unfinished_bytes, lambda: server.unfinished_bytes),
    }
