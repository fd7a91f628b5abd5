"""Fingerprints as people have them."""

import subprocess

import pytest

from iot_facerecognition_client import Fingerprint
from iot_facerecognition_client.fingerprint import fingerprint_digits

DIGITS = "0123456789abcdef" * 4

PAIRS = ":".join(DIGITS[at : at + 2] for at in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        f"sha256:{DIGITS}",
        f"SHA256:{PAIRS}",
        f"SHA256 Fingerprint={PAIRS}",
        f"sha256 Fingerprint={PAIRS}\n",
        f"SHA-256 Fingerprint: {PAIRS}",
        PAIRS.replace(":", " "),
        f"\ufeff{DIGITS}\r\n",
    ],
)
def test_fingerprints_as_people_have_them(text):
    assert fingerprint_digits(text) == DIGITS


@pytest.mark.parametrize(
    "text", ["", "12:34", DIGITS[:-1], DIGITS + "0", f"SHA1 Fingerprint={PAIRS[:59]}", "g" * 64]
)
def test_what_is_no_sha256_is_refused_with_both_ways_to_get_one(text):
    with pytest.raises(ValueError, match=r"cert show.*openssl x509 -noout -fingerprint -sha256"):
        fingerprint_digits(text)


def test_the_fingerprint_that_openssl_prints_is_the_certificates(make_certificate):
    certificate = make_certificate()
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in"]
    command.append(str(certificate.certificate_file))
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert Fingerprint(printed).value == certificate.fingerprint
