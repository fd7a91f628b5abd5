"""How a client knows that the server is the one it means.

Each kind makes an `ssl.SSLContext` for asyncio, for TLS 1.3 and nothing older. Whatever is wrong
with a server's certificate is found inside the TLS handshake: before a token or a picture is sent.
"""

import _ssl
import hashlib
import hmac
import ssl
from pathlib import Path
from typing import Any, cast

from iot_facerecognition_client.fingerprint import fingerprint_digits
from iot_facerecognition_client.public_key import public_key
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

    A server may show another certificate for the same key, as for names that it got later; it sends
    the pinned one along, and proves by its key that it is the same server. The prefix, colons
    between the digits and capitals are optional, OpenSSL's way of writing it is taken too. Neither
    names nor validity are looked at, so it works on a board whose clock is not set yet. Raises
    TrustError.
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


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a server with `[Auth] Mode=mtls` lets a client in by: a certificate and its key, PEM."""

    certificate: Path
    key: Path

    def load_into(self, context: ssl.SSLContext) -> None:
        """Let connections with `context` show it. Raises TrustError.

        The key must not be encrypted: nobody is there to type its password.
        """
        try:
            context.load_cert_chain(self.certificate, self.key, password=b"")
        except ssl.SSLError as error:
            raise TrustError(
                f"client certificate {self.certificate} and key {self.key} cannot be used"
                f" ({error.reason or error}): they must be PEM, without a password, and belong to"
                " each other"
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise TrustError(
                f"client certificate {self.certificate} or its key {self.key} cannot be read:"
                f" {reason}"
            ) from None


Trust = CaFile | Fingerprint | SystemTrust | NoVerification


def _new_context(kind: type[ssl.SSLContext]) -> ssl.SSLContext:
    context = kind(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def unverified_context() -> ssl.SSLContext:
    """Return TLS settings for finding out which certificate a server shows.

    Nothing vouches for that server: no token and no picture may go over such a connection. What it
    showed is in `presented_fingerprint`.
    """
    context = _new_context(_ShowingContext)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def presented_fingerprint(connection: object) -> str:
    """Return the fingerprint to pin for the server at the other end: `sha256:` and 64 digits.

    `connection` is the `ssl_object` of an asyncio transport made with `unverified_context`, or with
    that of a `Fingerprint`. It is the server's first certificate where it sends that along with one
    for names that it got later.
    """
    assert isinstance(connection, _ShowingObject)
    return connection.fingerprints()[-1]


class _ShowingObject(ssl.SSLObject):
    """A TLS endpoint that tells which certificates it was shown."""

    def fingerprints(self) -> list[str]:
        """Return those of the certificates for the server's key, the one that it used first."""
        return [certificate_fingerprint(one) for one in _for_one_key(self._chain())]

    def _chain(self) -> list[bytes]:
        """Return what the server has shown, in DER, its own certificate first and nothing checked.

        Before 3.13, Python has it only for itself.
        """
        own = self.getpeercert(binary_form=True) or b""
        if hasattr(self, "get_unverified_chain"):
            return [own, *self.get_unverified_chain()[1:]]
        shown = cast("Any", self)._sslobj.get_unverified_chain() or ()  # noqa: SLF001
        return [own, *(one.public_bytes(_ssl.ENCODING_DER) for one in shown[1:])]


class _PinnedObject(_ShowingObject):
    """A TLS endpoint whose handshake ends only with the pinned certificate.

    asyncio drives this object; it takes the end of `do_handshake` as leave to send.
    """

    def do_handshake(self) -> None:
        super().do_handshake()
        expected = cast("_PinningContext", self.context).pin
        presented = self.fingerprints()
        if not any(hmac.compare_digest(one, expected) for one in presented):
            raise WrongCertificateError(expected, presented[-1])


def _for_one_key(chain: list[bytes]) -> list[bytes]:
    """Return the certificates in `chain` whose key is the first one's, which the server has used.

    Others prove nothing: certificates are public, and anyone can send them.
    """
    own, *others = chain
    try:
        key = public_key(own)
    except ValueError:
        return [own]
    return [own, *(one for one in others if _is_for(key, one))]


def _is_for(key: bytes, certificate: bytes) -> bool:
    try:
        return public_key(certificate) == key
    except ValueError:
        return False


class _ShowingContext(ssl.SSLContext):
    sslobject_class = _ShowingObject

    def wrap_socket(self, *_: Any, **__: Any) -> ssl.SSLSocket:
        raise TypeError("a fingerprint is looked at on asyncio connections only")


class _PinningContext(_ShowingContext):
    sslobject_class = _PinnedObject
    pin: str
