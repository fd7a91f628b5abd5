"""Client certificates that their issuers have revoked: certificate revocation lists, checked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.client_identity import certificate_credential

_BEGIN: Final = b"-----BEGIN X509 CRL-----"
_END: Final = b"-----END X509 CRL-----"
_SOON: Final = timedelta(days=7)
_WHERE: Final = "[Auth] ClientCRL"
_LARGEST_LISTS: Final = 50_000_000
"""Bytes of revocation lists: a million revoked certificates."""
_LARGEST_AUTHORITIES: Final = 10_000_000
"""Bytes of the issuers' certificates: several times all that browsers trust."""
_SIGNERS: Final = (
    rsa.RSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
)


@dataclass(frozen=True, slots=True)
class Revocations:
    """The lists of one file: as PEM for OpenSSL, and what they revoke.

    `unlisted` are issuers without a list, whose clients OpenSSL refuses; `until` is when the first
    of the lists expires, and with it everybody's access.
    """

    pem: bytes
    credentials: frozenset[str]
    unlisted: tuple[str, ...]
    until: datetime | None

    def warnings(self, now: datetime) -> tuple[str, ...]:
        """Tell what is wrong at `now` (with its zone), though the server can go on."""
        found = [
            f"{_WHERE}: there is no list of {issuer}, so clients whose certificates it has signed"
            " cannot connect (one that signs only other issuers needs none)"
            for issuer in self.unlisted
        ]
        if self.until is not None and self.until - now < _SOON:
            found.append(
                f"{_WHERE}: a list expires on {_day(self.until)}, and then no client can connect;"
                " have its issuer make a new one, and send SIGHUP"
            )
        return tuple(found)


def read_revocations(path: Path, issuers: Path, now: datetime) -> Revocations:
    """Read the lists (PEM) in the file at `path` and check them at `now` (with its zone).

    Each must be signed by a certificate in the file `issuers`. Raises CertificateError.
    """
    data = _read(path)
    authorities = _authorities(issuers)
    lists = [_parsed(path, block) for block in _blocks(data)]
    if not lists:
        raise CertificateError(
            f"{_WHERE}: {path} holds no revocation list in PEM; convert one in DER with:"
            f" openssl crl -inform DER -in {path} -out NEWFILE"
        )
    for found in lists:
        _check(path, found, authorities, now)
    listed = {found.issuer for found in lists}
    ends = [found.next_update_utc for found in lists if found.next_update_utc is not None]
    return Revocations(
        b"".join(found.public_bytes(Encoding.PEM) for found in lists),
        frozenset(
            certificate_credential(found.issuer, entry.serial_number)
            for found in lists
            for entry in found
        ),
        tuple(ca.subject.rfc4514_string() for ca in authorities if ca.subject not in listed),
        min(ends, default=None),
    )


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _LARGEST_LISTS)
    except OSError as error:
        raise CertificateError(
            f"{_WHERE}: {path} cannot be read: {error.strerror}; correct the path or the"
            " permissions, or leave ClientCRL empty to revoke no certificates"
        ) from error


def read_authorities(path: Path) -> bytes:
    """Return the issuers' certificates, PEM, in the file at `path`. Raises OSError."""
    return read_regular(path, _LARGEST_AUTHORITIES)


def _authorities(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(read_authorities(path))
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"[Auth] ClientCA: {path} cannot be used: {error}; name a PEM file with the"
            " certificates of those who sign the clients' certificates"
        ) from error


def _blocks(data: bytes) -> list[bytes]:
    """Return the lists in a PEM file, which may hold anything else, too."""
    return [_BEGIN + part.partition(_END)[0] + _END + b"\n" for part in data.split(_BEGIN)[1:]]


def _parsed(path: Path, block: bytes) -> x509.CertificateRevocationList:
    try:
        return x509.load_pem_x509_crl(block)
    except ValueError as error:
        raise CertificateError(
            f"{_WHERE}: a revocation list in {path} is damaged ({error}); get it from its issuer"
            " again"
        ) from error


def _check(
    path: Path,
    found: x509.CertificateRevocationList,
    authorities: list[x509.Certificate],
    now: datetime,
) -> None:
    issuer = found.issuer.rfc4514_string()
    if not any(_signed(found, ca) for ca in authorities if ca.subject == found.issuer):
        raise CertificateError(
            f"{_WHERE}: the revocation list of {issuer} in {path} is not signed by a certificate in"
            " [Auth] ClientCA; name the list and the certificate of the same issuer"
        )
    if found.next_update_utc is not None and found.next_update_utc <= now:
        raise CertificateError(
            f"{_WHERE}: the revocation list of {issuer} in {path} expired on"
            f" {_day(found.next_update_utc)}; have its issuer make a new one"
        )
    if found.last_update_utc > now:
        raise CertificateError(
            f"{_WHERE}: the revocation list of {issuer} in {path} is valid from"
            f" {_day(found.last_update_utc)} on, and it is {_day(now)} by this machine's clock"
        )


def _signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    return isinstance(key, _SIGNERS) and found.is_signature_valid(key)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
