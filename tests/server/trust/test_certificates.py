"""Keys and certificates are read in every form, and refused with a cure."""

import hashlib
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from iot_facerecognition_server.trust.certificates import (
    CertificateError,
    expiry_warning,
    fingerprint,
    key_words,
    read_identity,
    validity_problem,
)


def read(pairs: Path, key: str, certificate: str, *, der=False):
    return read_identity(pairs / f"{key}.key", pairs / f"{certificate}.crt", der=der)


@pytest.mark.parametrize(
    ("name", "words"),
    [("rsa", "RSA, 2048 bits"), ("ec", "EC, secp256r1"), ("ec2", "EC, secp384r1")],
)
def test_pem_files_are_read_and_tell_the_algorithm(pairs, name, words):
    identity = read(pairs, name, name)
    assert key_words(identity.certificate) == words
    assert identity.certificate.subject.rfc4514_string() == f"CN={name}"
    assert b"PRIVATE KEY" in identity.key
    assert "PRIVATE" not in repr(identity)


def test_der_files_are_the_same_identity(pairs):
    assert read(pairs, "der", "der", der=True) == read(pairs, "ec", "ec")


def test_the_fingerprint_is_the_one_that_openssl_prints(pairs):
    printed = subprocess.run(
        ["openssl", "x509", "-in", pairs / "ec.crt", "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert fingerprint(read(pairs, "ec", "ec").certificate) == "sha256:" + printed.strip()[-95:]


@pytest.mark.parametrize(
    ("key", "certificate", "der", "words"),
    [
        ("rsa", "ec", False, "is not for the key"),
        ("dsa", "dsa", False, "TLS 1.3 does not know"),
        ("odd", "odd", False, "secp256k1"),
        ("ed25519", "ed25519", False, "neither an RSA nor an EC key"),
        ("weak", "weak", False, "1024 bits"),
        ("locked", "ec", False, "passphrase"),
        ("ec", "ec", True, "is PEM, but QSsl::EncodingFormat says DER"),
        ("der", "der", False, "is no PEM, but QSsl::EncodingFormat says PEM"),
        ("ec", "der", False, "der.crt is no PEM"),
        ("missing", "ec", False, "missing.key cannot be read: No such file"),
        ("ec", "missing", False, "missing.crt cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(pairs, key, certificate, *, der, words):
    with pytest.raises(CertificateError, match=r"^\[Certificate\] ") as error:
        read(pairs, key, certificate, der=der)
    assert words in str(error.value)


def test_damaged_files_are_refused(pairs, tmp_path):
    lines = (pairs / "ec.key").read_text().splitlines()
    (tmp_path / "a.key").write_text("\n".join([lines[0], "AAAA", lines[-1]]))
    with pytest.raises(CertificateError, match="no private key that can be read"):
        read_identity(tmp_path / "a.key", pairs / "ec.crt", der=False)
    text = (pairs / "ec.crt").read_text()
    (tmp_path / "a.crt").write_text(text.replace("\nMII", "\nXXX"))
    with pytest.raises(CertificateError, match="no certificate that can be read"):
        read_identity(pairs / "ec.key", tmp_path / "a.crt", der=False)
    (tmp_path / "der.key").write_bytes(b"\x30\x82")
    with pytest.raises(CertificateError, match="no private key that can be read"):
        read_identity(tmp_path / "der.key", pairs / "der.crt", der=True)


def test_the_chain_is_kept_and_its_order_matters(pairs, tmp_path):
    own, other = (pairs / "ec.crt").read_bytes(), (pairs / "rsa.crt").read_bytes()
    chain = tmp_path / "chain.crt"
    chain.write_bytes(own + other)
    identity = read_identity(pairs / "ec.key", chain, der=False)
    assert len(x509.load_pem_x509_certificates(identity.chain)) == 2
    chain.write_bytes(other + own)
    with pytest.raises(CertificateError, match="the server's own certificate first"):
        read_identity(pairs / "ec.key", chain, der=False)


def test_validity_is_told_before_during_and_after(pairs):
    certificate = read(pairs, "ec", "ec").certificate
    now = datetime.now(UTC)
    assert validity_problem(certificate, now) is None
    assert "expired on" in str(validity_problem(certificate, now + timedelta(days=31)))
    early = str(validity_problem(certificate, now - timedelta(days=2)))
    assert "valid from" in early
    assert "this machine's clock" in early


def test_the_end_is_announced_a_month_ahead(own_identity):
    end = own_identity.certificate.not_valid_after_utc
    assert expiry_warning(own_identity.certificate, end - timedelta(days=31)) is None
    assert "expires on" in str(expiry_warning(own_identity.certificate, end - timedelta(days=29)))


def test_the_fingerprint_is_of_the_der_form(own_identity):
    der = ssl.PEM_cert_to_DER_cert(own_identity.chain.decode())
    digest = hashlib.sha256(der).hexdigest().upper()
    assert own_identity.fingerprint.replace(":", "") == "sha256" + digest
