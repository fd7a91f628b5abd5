"""What state a client is in, and why, for programs and for people."""

from enum import StrEnum

from iot_facerecognition_protocol import Drain, Version
from iot_facerecognition_protocol.records import dataclass


class State(StrEnum):
    """Where a client stands with its server."""

    NOT_SET_UP = "not set up"
    """No server was chosen yet. A program says so before it has a client."""
    DISCONNECTED = "disconnected"
    """Nobody wants a connection: not begun, or closed."""
    WAITING_FOR_TIME = "waiting for the time of day"
    """A certificate cannot be checked before the clock is right. A program says so before it has a
    client."""
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RETRYING = "retrying"
    """There is no connection; the client tries again by itself, after seconds (`backoff`)."""
    REFUSED = "refused"
    """A person has to change something: a token, a fingerprint, a certificate. The client tries
    again about once a minute, so that it goes on when that has happened at the server."""


class Reason(StrEnum):
    """Why there is no connection."""

    UNREACHABLE = "unreachable"
    NAME_UNKNOWN = "name-unknown"
    NOT_TLS = "not-tls"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    """The certificate is not valid yet: this machine's clock is probably not set."""
    AUTHENTICATION = "authentication"
    BUSY = "busy"
    """The server accepts no further clients at the moment."""
    LOST = "lost"
    """The connection broke, or the other side fell silent."""
    SHUTDOWN = "shutdown"
    """The server said good-bye: it ends or restarts."""
    STALLED = "stalled"
    """The connection lives, but the server takes no data or answers no frame."""
    PROTOCOL = "protocol"
    """The other side is no recognition server, or says what none would."""
    FAULT = "fault"
    """An error in this program ended the client."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a connection ended or did not come about; `text` is a sentence with its cure."""

    reason: Reason
    text: str
    refused: bool = False
    """True when trying again is useless until a person has changed something."""
    drain: Drain | None = None
    """When the server, which ended the connection in order, expects to be back."""
    presented: str | None = None
    """The fingerprint of the certificate that the server showed instead of the pinned one."""


@dataclass(frozen=True, slots=True)
class Status:
    """A client's state at one moment.

    `text` is a sentence for people, `retry_in` the seconds from this moment to the next attempt,
    `attempt` counts the attempts since the last stable connection, `version` is the protocol's on
    a connection, `presented` the fingerprint that was shown instead of the pinned one, and `server`
    which one it is (`host:port`).
    """

    state: State
    text: str
    reason: Reason | None = None
    retry_in: float | None = None
    attempt: int = 0
    version: Version | None = None
    presented: str | None = None
    server: str = ""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self.state is State.CONNECTED
