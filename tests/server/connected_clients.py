"""Clients for tests that need no connection."""

from iot_facerecognition_protocol import Version
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.trust.client_identity import AuthMethod, ClientIdentity


def connected(
    session: int = 1, version: Version = Version.V2, identity: str = "first"
) -> ConnectedClient:
    """Return a client that has proved to be `identity` by a token."""
    return ConnectedClient(
        session, version, ClientIdentity(AuthMethod.TOKEN, identity), "192.0.2.1"
    )
