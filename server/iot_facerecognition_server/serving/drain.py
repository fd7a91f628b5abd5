"""What is sent to clients before the server ends: when to come back, and spread over how long."""

from typing import Final

from iot_facerecognition_protocol import Drain

RESTART_SECONDS: Final = 1.0
"""From the good-bye to the first instruction of the next server: this process ends, and Docker or
systemd starts another (measured: 0.3 to 1 s)."""
RETURN_SECONDS: Final = 0.02
"""What one returning client takes: 50 TLS handshakes a second leave half of one slow core for the
frames of those that are back (docs/decisions/drain.md)."""


def drain_hint(start_seconds: float, clients: int) -> Drain:
    """Return what `clients` connected clients are sent.

    `start_seconds` is how long this server took from the begin of its process until it listened:
    the best guess at what the next one takes.
    """
    return Drain(
        back_in_ms=round((RESTART_SECONDS + start_seconds) * 1e3),
        spread_ms=round(RETURN_SECONDS * clients * 1e3),
    )
