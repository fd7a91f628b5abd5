"""The configuration's key and certificate, or the server's own, made when needed."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from iot_facerecognition_server.config import load
from iot_facerecognition_server.trust.authentication import (
    CertificateAuthenticator,
    OpenAuthenticator,
    TokenAuthenticator,
)
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.setup import ServerIdentity, authenticator, server_tls

NOW = datetime.now(UTC)


def configuration(folder, **environ):
    path = folder / "config.ini"
    path.write_text("")
    return load(path, {f"IOT_FACERECOGNITION_{key}": value for key, value in environ.items()})


@pytest.fixture
def given_files(tmp_path, pairs):
    """The configuration with a pair that was made elsewhere, valid for 30 days."""
    shutil.copy(pairs / "ec.key", tmp_path / "a.key")
    shutil.copy(pairs / "ec.crt", tmp_path / "a.crt")
    (tmp_path / "a.key").chmod(0o600)

    def configure(**environ):
        return configuration(
            tmp_path,
            CERTIFICATE_KEY="a.key",
            CERTIFICATE_CERTIFICATE="a.crt",
            CERTIFICATE_KEYALGORITHM="3",
            **environ,
        )

    return configure


def test_key_and_certificate_are_made_once(tmp_path):
    umask = os.umask(0)
    try:
        first = server_tls(configuration(tmp_path))
    finally:
        os.umask(umask)
    assert server_tls(configuration(tmp_path)).fingerprint == first.fingerprint
    assert (tmp_path / "state" / "server.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    public = (tmp_path / "state" / "server.crt").read_bytes()
    assert x509.load_pem_x509_certificate(public) == first.identity.certificate
    assert b"PRIVATE" not in public


def test_a_new_one_is_taken_up_by_a_running_server(tmp_path):
    config = configuration(tmp_path)
    running = server_tls(config)
    new = ServerIdentity(config).issue()
    assert running.reload() == ()
    assert running.fingerprint == new.fingerprint


def test_a_lost_public_copy_is_made_again(tmp_path):
    identity = ServerIdentity(configuration(tmp_path))
    identity.prepare()
    identity.certificate_path.unlink()
    assert identity.read().chain == identity.certificate_path.read_bytes()


def test_a_damaged_own_key_is_an_error_with_its_cure(tmp_path):
    identity = ServerIdentity(configuration(tmp_path))
    identity.issue()
    identity.key_path.write_bytes(identity.key_path.read_bytes()[:50])
    with pytest.raises(CertificateError, match="iot-facerecognition-server cert new"):
        identity.read()


def test_a_state_directory_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    config = configuration(tmp_path, SERVER_STATEDIRECTORY="file/state")
    with pytest.raises(CertificateError, match=r"^\[Server\] StateDirectory: "):
        server_tls(config)


def test_an_expired_own_certificate_goes_on_with_a_warning(tmp_path):
    config = configuration(tmp_path)
    ServerIdentity(config, now=lambda: NOW - timedelta(days=900)).issue()
    identity = ServerIdentity(config)
    (warning,) = identity.warnings(identity.read())
    assert "expired on" in warning
    assert "cert new" in warning


@pytest.mark.parametrize("days", [-2, 40])
def test_a_given_certificate_that_does_not_hold_is_refused_unless_in_test_mode(given_files, days):
    def clock():
        return NOW + timedelta(days=days)

    with pytest.raises(CertificateError, match="TestMode=true to go on"):
        ServerIdentity(given_files(), now=clock).read()
    lenient = ServerIdentity(given_files(CERTIFICATE_TESTMODE="true"), now=clock)
    (warning,) = lenient.warnings(lenient.read())
    assert "renew it" in warning


def test_an_end_within_a_month_is_warned_of(given_files):
    identity = ServerIdentity(given_files(), now=lambda: NOW + timedelta(days=5))
    (warning,) = identity.warnings(identity.read())
    assert "expires on" in warning


def test_a_key_that_anyone_can_read_is_warned_of(given_files, tmp_path):
    (tmp_path / "a.key").chmod(0o644)
    identity = ServerIdentity(given_files(), now=lambda: NOW - timedelta(hours=-1))
    assert any(
        "anyone on this machine" in warning for warning in identity.warnings(identity.read())
    )


def test_given_files_are_never_replaced(given_files, tmp_path):
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(CertificateError, match="whoever made that must renew it"):
        ServerIdentity(given_files()).issue()
    assert (tmp_path / "a.key").read_bytes() == before
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("token", TokenAuthenticator),
        ("open", OpenAuthenticator),
        ("mtls", CertificateAuthenticator),
    ],
)
def test_the_mode_decides_who_judges(tmp_path, mode, kind):
    tls = server_tls(configuration(tmp_path))
    config = configuration(tmp_path, AUTH_MODE=mode, AUTH_CLIENTCA="ca.crt")
    assert type(authenticator(config, tls)) is kind
