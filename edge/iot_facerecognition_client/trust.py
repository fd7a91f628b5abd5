"""How a client knows that the server is the one it means.

Each kind makes an `ssl.SSLContext` for asyncio, for TLS 1.3 and nothing older. Whatever is wrong
with a server's certificate is found inside the TLS handshake: before a token or a picture is sent.
"""

import hashlib
import hmac
import ssl
from pathlib import Path
from typing import Any, cast

from iot_facerecognition_client.fingerprint import fingerprint_digits
from iot_facerecognition_protocol.records import dataclass

_BOM = b"\xef\xbb\xbf"


class TrustError(Exception):
    """What should vouch for the server cannot be used; the message says what to do."""


class WrongCertificateError(ssl.SSLError):
    """The server's certificate is not the pinned one."""

    def __init__(self, expected: str, presented: str) -> None:
        super().__init__(ssl.SSL_ERROR_SSL, f"certificate {presented} instead of {expected}")
        self.expected = expected
        self.presented = presented


def certificate_fingerprint(der: bytes) -> str:
    """Return `sha256:` and the 64 hexadecimal digits of a DER certificate's SHA-256."""
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


@dataclass(frozen=True, slots=True)
class CaFile:
    """Trust what the certificates in a PEM file vouch for: a CA, or the server's own certificate.

    Name and validity are checked too, so the clock has to be right.
    """

    path: Path

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings. Raises TrustError."""
        context = _new_context(ssl.SSLContext)
        try:
            content = self.path.read_bytes()
            # OpenSSL takes a byte order mark for a part of the first certificate's first line, and
            # what is no file, as `--cafile <(…)`, cannot be read a second time.
            if content.startswith(_BOM) or not self.path.is_file():
                context.load_verify_locations(cadata=content.decode("ascii", errors="ignore"))
            else:
                context.load_verify_locations(cafile=self.path)
        except ssl.SSLError as error:
            raise TrustError(f"CA file {self.path} holds no PEM certificate: {error}") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise TrustError(f"CA file {self.path} cannot be read: {reason}") from None
        return context


@dataclass(frozen=True, slots=True)
class SystemTrust:
    """Trust what the operating system's certificate authorities vouch for."""

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings."""
        context = _new_context(ssl.SSLContext)
        context.load_default_certs()
        return context


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Trust one certificate, by its SHA-256: `sha256:` and 64 hexadecimal digits.

    The prefix, colons between the digits and capitals are optional, OpenSSL's way of writing it is
    taken too. Neither names nor validity are looked at, so it works on a board whose clock is not
    set yet. Raises TrustError.
    """

    value: str

    def __post_init__(self) -> None:
        try:
            digits = fingerprint_digits(self.value)
        except ValueError as error:
            raise TrustError(str(error)) from None
        object.__setattr__(self, "value", f"sha256:{digits}")

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings; a handshake with another certificate fails."""
        context = cast("_PinningContext", _new_context(_PinningContext))
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.pin = self.value
        return context


@dataclass(frozen=True, slots=True)
class NoVerification:
    """Talk to whoever answers. For trying things out: an impostor would get token and pictures."""

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings."""
        context = _new_context(ssl.SSLContext)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


Trust = CaFile | Fingerprint | SystemTrust | NoVerification


def _new_context(kind: type[ssl.SSLContext]) -> ssl.SSLContext:
    context = kind(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class _PinnedObject(ssl.SSLObject):
    """A TLS endpoint whose handshake ends only with the pinned certificate.

    asyncio drives this object; it takes the end of `do_handshake` as leave to send.
    """

    def do_handshake(self) -> None:
        super().do_handshake()
        expected = cast("_PinningContext", self.context).pin
        presented = certificate_fingerprint(self.getpeercert(binary_form=True) or b"")
        if not hmac.compare_digest(presented, expected):
            raise WrongCertificateError(expected, presented)


class _PinningContext(ssl.SSLContext):
    sslobject_class = _PinnedObject
    pin: str

    def wrap_socket(self, *_: Any, **__: Any) -> ssl.SSLSocket:
        raise TypeError("a pinned fingerprint is checked on asyncio connections only")
