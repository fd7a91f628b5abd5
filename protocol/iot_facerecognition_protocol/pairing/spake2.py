"""SPAKE2 (RFC 9382) with P-256, SHA-256, HKDF and HMAC: two sides that share a short password.

Neither side, and nobody between them, learns anything from one run but whether one guess of the
password was right.
"""

import hashlib
import hmac
from enum import Enum

from iot_facerecognition_protocol.pairing import p256
from iot_facerecognition_protocol.records import dataclass

_M: p256.Point = (
    0x886E2F97ACE46E55BA9DD7242579F2993B64E16EF3DCAB95AFD497333D8FA12F,
    0x5FF355163E43CE224E0B0E65FF02AC8E5C7BE09419C785E0CA547D55A12E2D20,
)
_N: p256.Point = (
    0xD8BBD6C639C62937B04D997F38C3770719C629D7014D49A24B4F98BAA1292B49,
    0x07D60AA6BFADE45008A636337F5168C64D9BD36034808CD564490B1E656EDBE7,
)
"""RFC 9382, section 6: points of which nobody knows the logarithm."""
_HALF = 16
"""Bytes of each of the keys that a hash is cut into."""


class Side(Enum):
    """Which of the two roles is played: A speaks first."""

    A = "A"
    B = "B"


@dataclass(frozen=True, slots=True)
class Proofs:
    """What one side sends to prove that it knows the password, and what it expects in return."""

    own: bytes
    expected: bytes

    def __repr__(self) -> str:
        """Show no secret."""
        return "Proofs(…)"

    def proves(self, received: bytes) -> bool:
        """Return whether `received` is what the other side has to send."""
        return hmac.compare_digest(self.expected, received)


class KeyExchange:
    """One run of one side. `share` goes to the other side, whose share gives the proofs."""

    def __init__(
        self, side: Side, password: int, identities: tuple[bytes, bytes], secret: int
    ) -> None:
        """Begin with the number of the `password`, the identities of A and B, and a fresh secret.

        Both numbers are from 1 to `p256.ORDER` - 1; `secret` has to be random and used once.
        """
        self._side = side
        self._password = password
        self._identities = identities
        self._secret = secret
        mask = p256.multiply(password, _M if side is Side.A else _N)
        self.share = p256.encode(p256.add(p256.multiply(secret, p256.BASE), mask))

    def proofs(self, received: bytes) -> Proofs:
        """Return the proofs after the other side's share. Raises ValueError for what is none."""
        masked = p256.decode(received)
        mask = p256.multiply(self._password, _N if self._side is Side.A else _M)
        common = p256.multiply(self._secret, p256.add(masked, p256.negate(mask)))
        shares = (self.share, received) if self._side is Side.A else (received, self.share)
        transcript = b"".join(
            len(part).to_bytes(8, "little") + part
            for part in (
                *self._identities,
                *shares,
                p256.encode(common),
                self._password.to_bytes(p256.COORDINATE_BYTES, "big"),
            )
        )
        of_a, of_b = (hmac.digest(key, transcript, "sha256") for key in _keys(transcript))
        return Proofs(of_a, of_b) if self._side is Side.A else Proofs(of_b, of_a)


def _keys(transcript: bytes) -> tuple[bytes, bytes]:
    """Return the confirmation keys of A and B (RFC 9382, section 4, with HKDF of RFC 5869)."""
    authentication = hashlib.sha256(transcript).digest()[_HALF:]
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), authentication, "sha256")
    expanded = hmac.digest(extracted, b"ConfirmationKeys\x01", "sha256")
    return expanded[:_HALF], expanded[_HALF:]
