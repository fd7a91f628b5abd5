"""The client library: stream JPEGs to a recognition server and get names back.

`Client` is the library for asyncio programs, `FaceRecognition` the original package's class for
everybody else, and `sources` has pictures to send. Names are loaded when they are first used, so
that importing the package costs a small board nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iot_facerecognition_client.address import ServerAddress
    from iot_facerecognition_client.client import Client
    from iot_facerecognition_client.connection import Timing
    from iot_facerecognition_client.events import (
        Event,
        FacesResult,
        FrameEnded,
        ObjectsResult,
        ServerError,
        SettingHeld,
        TextReceived,
        TextSent,
    )
    from iot_facerecognition_client.face_recognition import FaceRecognition
    from iot_facerecognition_client.failures import NoConnectionError
    from iot_facerecognition_client.outbox import OutboxFullError
    from iot_facerecognition_client.pairing import Paired, pair
    from iot_facerecognition_client.presented import presented_certificate
    from iot_facerecognition_client.statistics import ClientStatistics
    from iot_facerecognition_client.status import Reason, State, Status
    from iot_facerecognition_client.subscriptions import EventStream
    from iot_facerecognition_client.trust import (
        CaFile,
        ClientCertificate,
        Fingerprint,
        NoVerification,
        SystemTrust,
        Trust,
        TrustError,
        certificate_fingerprint,
    )
    from iot_facerecognition_protocol import UpdateAcknowledged

_HOMES = {
    "CaFile": "trust",
    "Client": "client",
    "ClientCertificate": "trust",
    "ClientStatistics": "statistics",
    "Event": "events",
    "EventStream": "subscriptions",
    "FaceRecognition": "face_recognition",
    "FacesResult": "events",
    "Fingerprint": "trust",
    "FrameEnded": "events",
    "NoConnectionError": "failures",
    "NoVerification": "trust",
    "ObjectsResult": "events",
    "OutboxFullError": "outbox",
    "Paired": "pairing",
    "Reason": "status",
    "ServerAddress": "address",
    "ServerError": "events",
    "SettingHeld": "events",
    "State": "status",
    "Status": "status",
    "SystemTrust": "trust",
    "TextReceived": "events",
    "TextSent": "events",
    "Timing": "connection",
    "Trust": "trust",
    "TrustError": "trust",
    "UpdateAcknowledged": "events",
    "certificate_fingerprint": "trust",
    "pair": "pairing",
    "presented_certificate": "presented",
}
"""Each public name's module."""

__all__ = [
    "CaFile",
    "Client",
    "ClientCertificate",
    "ClientStatistics",
    "Event",
    "EventStream",
    "FaceRecognition",
    "FacesResult",
    "Fingerprint",
    "FrameEnded",
    "NoConnectionError",
    "NoVerification",
    "ObjectsResult",
    "OutboxFullError",
    "Paired",
    "Reason",
    "ServerAddress",
    "ServerError",
    "SettingHeld",
    "State",
    "Status",
    "SystemTrust",
    "TextReceived",
    "TextSent",
    "Timing",
    "Trust",
    "TrustError",
    "UpdateAcknowledged",
    "certificate_fingerprint",
    "pair",
    "presented_certificate",
]


def __getattr__(name: str) -> Any:
    """Load a public name's module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
