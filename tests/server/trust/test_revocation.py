"""Revoked client certificates: the list is checked, and whoever is on it stays out."""

import os
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import ConfigError, load
from iot_facerecognition_server.serving.tls_failures import explain
from iot_facerecognition_server.trust.authentication import (
    Accepted,
    CertificateAuthenticator,
    Denied,
    Presented,
)
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.client_identity import certificate_identity
from lab.client_certificates import DAY, NOW, Authority


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def configured(tmp_path, authority):
    """Make the TLS side of a server with Mode=mtls and the list `crl.pem`."""

    def make(crl: bytes | None, ca: Path = authority.path, **environ: str):
        (tmp_path / "config.ini").write_text("")
        if crl is not None:
            (tmp_path / "crl.pem").write_bytes(crl)
        settings = {"AUTH_MODE": "mtls", "AUTH_CLIENTCA": str(ca), "AUTH_CLIENTCRL": "crl.pem"}
        variables = {f"IOT_FACERECOGNITION_{k}": v for k, v in (settings | environ).items()}
        return server_tls(load(tmp_path / "config.ini", variables))

    return make


def test_a_revoked_certificate_fails_in_the_handshake(authority, configured, handshake, tmp_path):
    good, stolen = authority.client("kitchen"), authority.client("stolen")
    tls = configured(authority.revoke(stolen))
    handshake(tls.context, good.context(tmp_path)).run()
    with pytest.raises(ssl.SSLError, match="revoked"):
        handshake(tls.context, stolen.context(tmp_path)).run()


def test_a_reload_takes_up_a_new_list_and_tells_who_is_connected_and_revoked(
    authority, configured, handshake, tmp_path
):
    kitchen, hall = authority.client("kitchen"), authority.client("hall")
    tls = configured(authority.revoke())
    judge = CertificateAuthenticator(tls.is_revoked)
    identities = {certificate_identity(pair.certificate) for pair in (kitchen, hall)}
    handshake(tls.context, kitchen.context(tmp_path)).run()
    assert judge.revoked(identities) == {}
    (tmp_path / "crl.pem").write_bytes(authority.revoke(kitchen))
    assert tls.reload() == ()
    assert {identity.name for identity in judge.revoked(identities)} == {"kitchen"}
    with pytest.raises(ssl.SSLError, match="revoked"):
        handshake(tls.context, kitchen.context(tmp_path)).run()
    handshake(tls.context, hall.context(tmp_path)).run()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda crl, ca: b"", "holds no revocation list"),
        (lambda crl, ca: crl[: len(crl) // 2], "is damaged"),
        (lambda crl, ca: crl.replace(b"M", b"N", 1), "is damaged"),
        (lambda crl, ca: ca.revoke(until=NOW - timedelta(hours=1)), "expired on"),
        (lambda crl, ca: ca.revoke(made=NOW + DAY), "by this machine's clock"),
        (lambda crl, ca: Authority(ca.folder).revoke(), "is not signed by"),
        (lambda crl, ca: Authority(ca.folder, "another").revoke(), "is not signed by"),
        (lambda crl, ca: None, "cannot be read"),
    ],
    ids=["empty", "cut", "damaged", "expired", "early", "forged", "foreign", "missing"],
)
def test_a_bad_list_is_an_error_at_start_and_keeps_the_old_one_on_reload(
    authority, configured, tmp_path, change, words
):
    kitchen = authority.client("kitchen")
    good = authority.revoke(kitchen)
    bad = change(good, authority)
    authority.path.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    with pytest.raises(CertificateError, match=rf"^\[Auth\] ClientCRL: .*{words}"):
        configured(bad)
    tls = configured(good)
    before = tls.fingerprint
    if bad is None:
        (tmp_path / "crl.pem").unlink()
    else:
        (tmp_path / "crl.pem").write_bytes(bad)
    with pytest.raises(CertificateError, match=words):
        tls.reload()
    assert tls.fingerprint == before
    assert tls.is_revoked(certificate_identity(kitchen.certificate).credential)


def test_lists_of_several_issuers_are_read_and_one_without_is_warned_of(
    authority, configured, handshake, tmp_path
):
    other = Authority(tmp_path, "other CA")
    both = tmp_path / "both.crt"
    both.write_bytes(authority.path.read_bytes() + other.path.read_bytes())
    pairs = [authority.client("a"), other.client("b")]
    tls = configured(b"# ours\n" + authority.revoke(pairs[0]) + b"\n" + other.revoke(), ca=both)
    assert tls.revocation_warnings() == ()
    handshake(tls.context, pairs[1].context(tmp_path)).run()
    with pytest.raises(ssl.SSLError, match="revoked"):
        handshake(tls.context, pairs[0].context(tmp_path)).run()
    (warning,) = configured(authority.revoke(), ca=both).revocation_warnings()
    assert "no list of CN=other CA" in warning


def test_a_list_that_expires_soon_is_warned_of(authority, configured):
    (warning,) = configured(authority.revoke(until=NOW + 3 * DAY)).revocation_warnings()
    assert "send SIGHUP" in warning


def test_a_list_without_mtls_is_a_contradiction(configured, authority):
    with pytest.raises(ConfigError, match="no certificates to revoke"):
        configured(authority.revoke(), AUTH_MODE="token")


@pytest.mark.parametrize(
    ("common", "alternative", "name"),
    [
        ("kitchen", ("other.example",), "kitchen"),
        ("", ("pi.example", "second.example"), "pi.example"),
        ("two\nlines\u202e", (), "two lines"),
    ],
)
def test_a_certificate_s_subject_is_the_identity(authority, common, alternative, name):
    certificate = authority.client(common, *alternative).certificate
    judge = CertificateAuthenticator(lambda _: False)
    der = certificate.public_bytes(Encoding.DER)
    verdict = judge.authenticate(Presented("192.0.2.7", certificate=der))
    assert isinstance(verdict, Accepted)
    assert verdict.identity.name == name


def test_a_certificate_without_a_subject_is_known_by_its_serial_number(authority):
    certificate = authority.client("").certificate
    assert certificate_identity(certificate).name == f"certificate {certificate.serial_number:x}"


@pytest.mark.parametrize("certificate", [None, b"", b"0\x82"])
def test_without_a_certificate_nobody_is_let_in(certificate):
    judge = CertificateAuthenticator(lambda _: False)
    assert isinstance(judge.authenticate(Presented("192.0.2.7", None, certificate)), Denied)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("setting", ["AUTH_CLIENTCA", "AUTH_CLIENTCRL"])
def test_a_pipe_in_the_place_of_a_file_is_an_error_and_nothing_waits(
    authority, configured, tmp_path, setting
):
    crl = authority.revoke()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CertificateError, match="it is no regular file"):
        configured(crl, **{setting: "pipe"})
    if setting == "AUTH_CLIENTCA":
        with pytest.raises(CertificateError, match="it is no regular file"):
            configured(crl, **{setting: "pipe", "AUTH_CLIENTCRL": ""})


def test_a_refused_certificate_is_reported_with_what_helps(
    authority, configured, handshake, tmp_path
):
    other = Authority(tmp_path, "other CA")
    both = tmp_path / "both.crt"
    both.write_bytes(authority.path.read_bytes() + other.path.read_bytes())
    stolen, unlisted = authority.client("stolen"), other.client("hall")
    tls = configured(authority.revoke(stolen), ca=both)
    cures = {}
    for pair in (stolen, unlisted, Authority(tmp_path, "stranger").client("x")):
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            handshake(tls.context, pair.context(tmp_path)).run()
        words = explain(refused.value).words
        assert words.startswith("the client's certificate was refused: ")
        cures[pair] = words.partition("; ")[2]
    assert cures[stolen] == "give the client a new one if it is to connect"
    assert "ClientCRL: add one" in cures[unlisted]
    assert list(cures.values())[2] == "it must be valid now and signed by one of [Auth] ClientCA"
