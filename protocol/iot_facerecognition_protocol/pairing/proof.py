"""What device and server prove to each other: the same code, and the same certificate between them.

The certificate's fingerprint is the server's identity in the key exchange. Whoever stands between
the two shows the device another certificate, so the proofs of the two sides do not match, though
every message was passed on as it was.
"""

import hashlib

from iot_facerecognition_protocol.pairing import p256
from iot_facerecognition_protocol.pairing.code import PairingCode
from iot_facerecognition_protocol.pairing.spake2 import KeyExchange, Side

_DEVICE = b"iot-facerecognition device"
_SERVER = b"iot-facerecognition server sha256:"


def device_exchange(code: PairingCode, fingerprint: str, secret: int) -> KeyExchange:
    """Return the device's side; `fingerprint` is that of the certificate it was shown.

    `fingerprint` has 64 small hexadecimal digits, `secret` is random, from 1 to p256.ORDER - 1.
    """
    return _exchange(Side.A, code, fingerprint, secret)


def server_exchange(code: PairingCode, fingerprint: str, secret: int) -> KeyExchange:
    """Return the server's side; `fingerprint` is that of its own certificate."""
    return _exchange(Side.B, code, fingerprint, secret)


def _exchange(side: Side, code: PairingCode, fingerprint: str, secret: int) -> KeyExchange:
    identities = (_DEVICE, _SERVER + fingerprint.encode("ascii"))
    return KeyExchange(side, _password(code), identities, secret)


def _password(code: PairingCode) -> int:
    """Return the code as a number of the group, evenly spread.

    A slow hash would protect nothing: the code is stored nowhere, and dies with its ten tries.
    """
    wide = hashlib.sha512(b"iot-facerecognition pairing code " + code.digits.encode()).digest()
    return int.from_bytes(wide, "big") % (p256.ORDER - 1) + 1
