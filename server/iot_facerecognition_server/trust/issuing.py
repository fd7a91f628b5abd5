"""The server's own key and certificate."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
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
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def issue_identity(hosts: HostNames, now: datetime) -> Identity:
    """Make an EC P-256 key and a self-signed certificate for `hosts` from `now` (with its zone) on.

    EC, because its handshake costs a small board a fraction of RSA's.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    common = next((name for name in hosts.names if name != "localhost"), "localhost")
    places: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts.names]
    places += [x509.IPAddress(address) for address in hosts.addresses]
    certificate = _certificate(key, _subject(common), places, now)
    return Identity(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
        certificate,
    )


def add_names(identity: Identity, names: Sequence[str], now: datetime) -> Identity:
    """Return `identity`, self-signed, with another certificate of its key, also for `names`.

    It takes the place of one that was added before, and has its names too.
    """
    key = load_pem_private_key(identity.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey), "reading checks it"
    last = identity.added or identity.certificate
    before = last.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    places = [*before, *map(x509.DNSName, names)]
    # OpenSSL looks for a self-signed certificate in a CA file by its subject, and takes no other
    # of the same subject for it: so each has one of its own.
    subject = _subject(names[0], os.urandom(8).hex())
    added = _certificate(key, subject, list(dict.fromkeys(places)), now)
    chain = (identity.certificate, added)
    return Identity(
        identity.key,
        b"".join(one.public_bytes(Encoding.PEM) for one in chain),
        identity.certificate,
        added,
    )


def _subject(common: str, number: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "iot-facerecognition"),
        x509.NameAttribute(NameOID.COMMON_NAME, common[:_NAME_LENGTH]),
    ]
    if number:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, number))
    return x509.Name(parts)


def _certificate(
    key: _Key, name: x509.Name, places: Sequence[x509.GeneralName], now: datetime
) -> x509.Certificate:
    public = key.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    return (
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
