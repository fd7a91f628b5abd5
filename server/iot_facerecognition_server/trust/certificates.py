"""Private keys and their certificates: read from files, checked, fingerprinted."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from iot_facerecognition_protocol.system.regular_file import read_regular

_LARGEST_FILE: Final = 1_000_000
"""Bytes of a key or certificate file that is read."""
_SOON: Final = timedelta(days=30)
_PEM_MARK: Final = b"-----BEGIN "
_RSA_BITS: Final = 2048
"""Smallest RSA key that OpenSSL takes at the security level of Debian and Ubuntu."""
_TLS13_CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})
"""The curves that certificates may have in TLS 1.3 (RFC 8446, section 4.2.3)."""


class CertificateError(Exception):
    """A key or certificate that cannot be used, with the key or file and the cure."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key (PEM), the certificate for it, and that with others as PEM.

    `chain` has the certificate, its issuers' after it, and last, where there is one, another
    certificate for the same key: `added`, for names that the first one does not have.
    """

    key: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    certificate: x509.Certificate
    added: x509.Certificate | None = None

    @property
    def fingerprint(self) -> str:
        """What an edge pins; see `fingerprint`."""
        return fingerprint(self.certificate)

    @property
    def fingerprint_digits(self) -> str:
        """The same as 64 small hexadecimal digits."""
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The certificate, and the added one if there is one."""
        return (self.certificate,) if self.added is None else (self.certificate, self.added)

    @property
    def added_names(self) -> frozenset[str]:
        """DNS names, in small letters, that only the added certificate has."""
        if self.added is None:
            return frozenset()
        return frozenset(dns_names(self.added)) - frozenset(dns_names(self.certificate))

    def presented(self, *, added: bool) -> bytes:
        """Return key and certificates (PEM) as a handshake uses them.

        With `added`, by that certificate and the first one after it, by which those know the server
        who have pinned that; else by the first and its issuers'.
        """
        parts = x509.load_pem_x509_certificates(self.chain)
        if self.added is not None:
            parts = [self.added, self.certificate] if added else parts[:-1]
        return self.key + b"".join(part.public_bytes(Encoding.PEM) for part in parts)


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the DNS names that `certificate` is for, in small letters."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in found.value.get_values_for_type(x509.DNSName))


def key_words(certificate: x509.Certificate) -> str:
    """Say of what algorithm and size the certificate's key is, as `EC, secp256r1`."""
    match certificate.public_key():
        case ec.EllipticCurvePublicKey() as key:
            return f"EC, {key.curve.name}"
        case rsa.RSAPublicKey() as key:
            return f"RSA, {key.key_size} bits"
        case key:
            return type(key).__name__


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate's DER form as `sha256:AA:BB:...`, 32 pairs."""
    der = certificate.public_bytes(Encoding.DER)
    return "sha256:" + hashlib.sha256(der).digest().hex(":").upper()


def read_identity(key: Path, certificate: Path, *, der: bool) -> Identity:
    """Read a key and its certificate, in PEM or in DER, and check that they belong together.

    Raises CertificateError.
    """
    content = _read(key, "Key")
    private = _private_key(key, content, der=der)
    _check_key(key, private)
    if certificate != key:  # else both out of one reading: the file may be replaced between two
        content = _read(certificate, "Certificate")
    chain = _certificates(certificate, content, der=der)
    public = private.public_key()
    owners = [_spki(owner) for owner in chain]
    own = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if owners[0] != own:
        cure = "the files belong to different pairs; name the two that were made together"
        if own in owners:
            cure = "put the server's own certificate first and its issuers' after it"
        raise CertificateError(
            f"[Certificate] the certificate in {certificate} is not for the key in {key}: {cure}"
        )
    return Identity(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        b"".join(part.public_bytes(Encoding.PEM) for part in chain),
        chain[0],
        chain[-1] if len(chain) > 1 and owners[-1] == own else None,
    )


def validity_problem(certificate: x509.Certificate, now: datetime) -> str | None:
    """Tell why `certificate` does not hold at `now` (with its zone); None when it does."""
    if now < certificate.not_valid_before_utc:
        return (
            f"the certificate is valid from {_day(certificate.not_valid_before_utc)} on, and it is"
            f" {_day(now)} by this machine's clock"
        )
    if now > certificate.not_valid_after_utc:
        return f"the certificate expired on {_day(certificate.not_valid_after_utc)}"
    return None


def expiry_warning(certificate: x509.Certificate, now: datetime) -> str | None:
    """Tell when a certificate that is valid at `now` will soon expire."""
    left = certificate.not_valid_after_utc - now
    if timedelta() <= left < _SOON:
        return f"the certificate expires on {_day(certificate.not_valid_after_utc)}"
    return None


def _read(path: Path, key: str) -> bytes:
    try:
        return read_regular(path, _LARGEST_FILE)
    except OSError as error:
        raise CertificateError(
            f"[Certificate] {key}: {path} cannot be read: {error.strerror}; correct the path or the"
            " permissions, or leave Key and Certificate empty to have them made"
        ) from error


def _private_key(path: Path, data: bytes, *, der: bool) -> PrivateKeyTypes:
    _check_encoding(path, data, "Key", der=der)
    try:
        return load_der_private_key(data, None) if der else load_pem_private_key(data, None)
    except TypeError as error:  # that is how cryptography says that it wants a passphrase
        raise CertificateError(
            f"[Certificate] Key: {path} is locked with a passphrase, which nobody can type when the"
            f" server starts; unlock it with: openssl pkey -in {path} -out NEWFILE"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(
            f"[Certificate] Key: {path} holds no private key that can be read: {error}"
        ) from error


def _certificates(path: Path, data: bytes, *, der: bool) -> list[x509.Certificate]:
    _check_encoding(path, data, "Certificate", der=der)
    try:
        if der:
            return [x509.load_der_x509_certificate(data)]
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise CertificateError(
            f"[Certificate] Certificate: {path} holds no certificate that can be read: {error}"
        ) from error


def _check_encoding(path: Path, data: bytes, key: str, *, der: bool) -> None:
    if der == (_PEM_MARK in data):
        found, wanted, cure = ("PEM", "DER (1)", 0) if der else ("no PEM", "PEM (0)", 1)
        raise CertificateError(
            f"[Certificate] {key}: {path} is {found}, but QSsl::EncodingFormat says {wanted};"
            f" set it to {cure} if both files are, or convert the file"
        )


def _check_key(path: Path, key: PrivateKeyTypes) -> None:
    match key:
        case rsa.RSAPrivateKey():
            if key.key_size < _RSA_BITS:
                raise CertificateError(
                    f"[Certificate] Key: the RSA key in {path} has {key.key_size} bits, which is"
                    f" unsafe; use one with {_RSA_BITS} or more, or an EC key"
                )
        case ec.EllipticCurvePrivateKey():
            if key.curve.name not in _TLS13_CURVES:
                raise CertificateError(
                    f"[Certificate] Key: the key in {path} is on the curve {key.curve.name}, which"
                    " TLS 1.3 does not know; use one of " + ", ".join(sorted(_TLS13_CURVES))
                )
        case dsa.DSAPrivateKey():
            raise CertificateError(
                f"[Certificate] Key: {path} holds a DSA key, which TLS 1.3 does not know; use an"
                " RSA or EC key"
            )
        case _:
            raise CertificateError(
                f"[Certificate] Key: {path} holds neither an RSA nor an EC key; use one of these"
            )


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
