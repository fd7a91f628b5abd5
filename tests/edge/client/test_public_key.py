"""The public key of a certificate is found as a cryptography library finds it."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_client.public_key import public_key


def certificate(key) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "n" * 64)])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
DER = certificate(EC)


@pytest.mark.parametrize("key", [EC, RSA, ec.generate_private_key(ec.SECP521R1())])
def test_it_is_the_one_that_the_library_finds(key):
    found = public_key(certificate(key))
    assert found == key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
def test_a_damaged_certificate_is_a_value_error_or_has_its_own_key(position, value):
    damaged = DER[:position] + bytes((value,)) + DER[position + 1 :]
    try:
        found = public_key(damaged)
    except ValueError:
        return
    assert found in damaged


@given(st.binary(max_size=200) | st.integers(0, len(DER)).map(lambda size: DER[:size]))
def test_what_is_no_certificate_is_a_value_error(data):
    if data != DER:
        with pytest.raises(ValueError, match=r"element|length"):
            public_key(data)


@pytest.mark.parametrize("length", [b"\x80", b"\x85\x00\x00\x00\x00\x05"])
def test_lengths_that_der_has_not_are_refused(length):
    """Where two parsers read one certificate in two ways, a key could be taken for another."""
    with pytest.raises(ValueError, match="no length in DER"):
        public_key(b"\x30" + length + DER[4:])
