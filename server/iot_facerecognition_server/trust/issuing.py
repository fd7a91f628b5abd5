"""The server's own key and certificate."""

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from iot_facerecognition_server.trust.certificates import Identity
from iot_facerecognition_server.trust.host_names import HostNames

VALIDITY: Final = timedelta(days=825)
"""The longest that Apple's systems accept, also of certificates that a person chose to trust.

Expiry protects nobody here, since clients pin the certificate or have it as their CA file; but the
console is opened in browsers."""
_CLOCKS_DIFFER: Final = timedelta(days=1)
_NAME_LENGTH: Final = 64
"""Most characters of a common name (RFC 5280, ub-common-name)."""


def issue_identity(hosts: HostNames, now: datetime) -> Identity:
    """Make an EC P-256 key and a self-signed certificate for `hosts` from `now` (with its zone) on.

    EC, because its handshake costs a small board a fraction of RSA's.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    common = next((name for name in hosts.names if name != "localhost"), "localhost")
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "iot-facerecognition"),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:_NAME_LENGTH]),
        ]
    )
    places: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts.names]
    places += [x509.IPAddress(address) for address in hosts.addresses]
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + VALIDITY - _CLOCKS_DIFFER)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return Identity(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
        certificate,
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
