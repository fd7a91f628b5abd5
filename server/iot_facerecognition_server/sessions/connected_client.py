"""Who is at the other end of a session."""

from dataclasses import dataclass

from iot_facerecognition_protocol import Version
from iot_facerecognition_server.trust.client_identity import ClientIdentity


@dataclass(frozen=True, slots=True)
class ConnectedClient:
    """A client for as long as its connection lasts.

    `session` is the key of its session (`new_session_key`), `identity` what it has proved, and
    `address` its IP address, behind a proxy too. The name that it gives itself may change: see
    `events.Renamed`.
    """

    session: int
    version: Version
    identity: ClientIdentity
    address: str
