"""A signer of client certificates, as a site with `[Auth] Mode=mtls` has one."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def named(common: str) -> x509.Name:
    """Return a subject with that common name, or an empty one."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


class Authority:
    """Signs clients' certificates, and lists of those that it has revoked."""

    def __init__(self, folder: Path, name: str = "site CA") -> None:
        """Make a key, and write the certificate to `path` in `folder`."""
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = named(name)
        self.certificate = self._signed(self.name, self.key.public_key(), ca=True)
        self.path = folder / f"{name}.crt"
        self.path.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def client(self, common: str, *alternative: str) -> "ClientPair":
        """Return a certificate for `common`, with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return ClientPair(self._signed(named(common), key.public_key(), *alternative), key)

    def revoke(
        self, *pairs: "ClientPair", made: datetime = NOW - DAY, until: datetime = NOW + 30 * DAY
    ) -> bytes:
        """Return a list with the certificates of `pairs`, as PEM."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(made)
            .next_update(until)
        )
        for pair in pairs:
            entry = x509.RevokedCertificateBuilder().serial_number(pair.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(made).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *names: str, ca: bool = False
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        return builder.sign(self.key, hashes.SHA256())


@dataclass(frozen=True)
class ClientPair:
    """A client's certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def context(self, folder: Path) -> ssl.SSLContext:
        """Return what a client connects with; the pair is written into `folder`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        file = folder / f"{self.certificate.serial_number}.pem"
        file.write_bytes(
            self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + self.certificate.public_bytes(Encoding.PEM)
        )
        context.load_cert_chain(file)
        return context
