"""Pairing, as the configuration wants it."""

from collections.abc import Callable

from iot_facerecognition_server.assembly.trust import token_store
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.serving.pairing import PairingDesk
from iot_facerecognition_server.trust.pairing import Pairings
from iot_facerecognition_server.trust.tls import ServerTls


def pairing_desk(config: Config, tls: ServerTls, clock: Callable[[], float]) -> PairingDesk:
    """Return what gives tokens to new devices; `clock` is monotonic, in seconds."""
    tokens = token_store(config) if config.auth.mode == "token" else None
    return PairingDesk(Pairings(clock), tokens, lambda: tls.fingerprint_digits)
