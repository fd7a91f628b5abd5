"""Private keys and their certificates: read from files, checked, fingerprinted."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
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


class KeyAlgorithm(IntEnum):
    """The numbers of `QSsl::KeyAlgorithm`."""

    RSA = 1
    DSA = 2
    EC = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key (PEM), the certificate for it, and that with its issuers' as PEM."""

    key: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """What an edge pins; see `fingerprint`."""
        return fingerprint(self.certificate)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate's DER form as `sha256:AA:BB:...`, 32 pairs."""
    der = certificate.public_bytes(Encoding.DER)
    return "sha256:" + hashlib.sha256(der).digest().hex(":").upper()


def read_identity(
    key: Path, certificate: Path, *, der: bool, algorithm: KeyAlgorithm | None
) -> Identity:
    """Read a key and its certificate, in PEM or in DER, and check that they belong together.

    `algorithm` is what the configuration promises about the key, if anything. Raises
    CertificateError.
    """
    content = _read(key, "Key")
    private = _private_key(key, content, der=der)
    _check_key(key, private, algorithm)
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
    """Tell when a certificate that holds at `now` will soon hold no more."""
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


def _check_key(path: Path, key: PrivateKeyTypes, promised: KeyAlgorithm | None) -> None:
    match key:
        case rsa.RSAPrivateKey():
            found = KeyAlgorithm.RSA
            if key.key_size < _RSA_BITS:
                raise CertificateError(
                    f"[Certificate] Key: the RSA key in {path} has {key.key_size} bits, which is"
                    f" unsafe; use one with {_RSA_BITS} or more, or an EC key"
                )
        case ec.EllipticCurvePrivateKey():
            found = KeyAlgorithm.EC
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
    if promised is not None and found is not promised:
        raise CertificateError(
            f"[Certificate] QSsl::KeyAlgorithm={promised.value} ({promised.name}), but {path} holds"
            f" an {found.name} key; set it to {found.value}"
        )


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
