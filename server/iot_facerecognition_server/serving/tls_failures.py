"""Why a TLS handshake failed, in words for the one who reads the log."""

import ssl
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """What went wrong; `authentication`: the peer could not prove that it may connect."""

    words: str
    authentication: bool = False


_NO_CERTIFICATE: Final = TlsFailure(
    "the client showed no certificate, which [Auth] Mode=mtls demands; give it one that"
    " [Auth] ClientCA has signed",
    authentication=True,
)
_WORDS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": _NO_CERTIFICATE,
    "UNSUPPORTED_PROTOCOL": TlsFailure(
        "the client offers no TLS 1.3, and this server speaks nothing older; update the client"
    ),
    "NO_SHARED_CIPHER": TlsFailure("the client offers no cipher of TLS 1.3; update the client"),
}
_CURES: Final = {
    3: "its issuer has no revocation list in [Auth] ClientCRL: add one and send SIGHUP",
    10: "give the client a new one",
    12: "have its issuer renew the list in [Auth] ClientCRL, and send SIGHUP",
    23: "give the client a new one if it is to connect",
}
"""What helps when OpenSSL refuses a certificate, by its X509_V_ERR_ number (x509_vfy.h)."""
_SIGNED: Final = "it must be valid now and signed by one of [Auth] ClientCA"
_DISTRUST: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "TLSV1_ALERT_UNKNOWN_CA_CERTIFICATE",
    }
)
"""Alerts by which clients refuse the server's certificate: RFC 8446, section 6.2."""


def explain(error: ssl.SSLError) -> TlsFailure:
    """Return the words for `error`, which a handshake raised on the server's side."""
    reason = (error.reason or "").replace(" ", "_").upper()
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailure(
            f"the client's certificate was refused: {error.verify_message};"
            f" {_CURES.get(error.verify_code, _SIGNED)}",
            authentication=True,
        )
    if reason in _WORDS:
        return _WORDS[reason]
    if reason in _DISTRUST:
        return TlsFailure(
            "the client does not trust this server's certificate; give it the fingerprint or the"
            " certificate that `cert show` prints"
        )
    words = reason.replace("_", " ").lower() or str(error)
    return TlsFailure(f"the TLS handshake failed: {words}")
