"""How far the connection to the server is."""

from enum import StrEnum

from iot_facerecognition_protocol.records import dataclass


class ConnectionState(StrEnum):
    """How far the connection is."""

    NOT_SET_UP = "not set up"
    """No server is known yet: nothing was tried."""
    DISCONNECTED = "disconnected"
    """Nobody wants one."""
    WAITING_FOR_TIME = "waiting for the time of day"
    """A certificate cannot be checked before the clock is right."""
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RETRYING = "retrying"
    """It failed and is tried again by itself."""
    REFUSED = "refused"
    """A person has to change something: token, fingerprint or authority."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection to `server` (`host:port`); `text` is one line for people.

    `attempt` counts the failures in a row; `retry_at` is the monotonic time of the next try.
    `presented` is the fingerprint (64 digits) of another certificate than the pinned one, where the
    server shows such.
    """

    state: ConnectionState
    server: str
    text: str
    attempt: int = 0
    retry_at: float | None = None
    presented: str | None = None
