"""The configuration's key and certificate, or the server's own, made when needed."""

import ipaddress
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from iot_facerecognition_server.assembly.trust import authenticator, server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.trust.authentication import (
    CertificateAuthenticator,
    OpenAuthenticator,
    TokenAuthenticator,
)
from iot_facerecognition_server.trust.certificates import CertificateError, dns_names, key_words
from iot_facerecognition_server.trust.host_names import HostNames
from iot_facerecognition_server.trust.server_identity import ServerIdentity

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


@pytest.mark.parametrize("promised", ["1", "3"])
@pytest.mark.parametrize("name", ["ec", "rsa"])
def test_the_algorithm_of_a_given_key_is_told_from_the_file(tmp_path, pairs, name, promised):
    shutil.copy(pairs / f"{name}.key", tmp_path / "a.key")
    shutil.copy(pairs / f"{name}.crt", tmp_path / "a.crt")
    config = configuration(
        tmp_path,
        CERTIFICATE_KEY="a.key",
        CERTIFICATE_CERTIFICATE="a.crt",
        CERTIFICATE_KEYALGORITHM=promised,
    )
    identity = ServerIdentity(config).read()
    assert key_words(identity.certificate).startswith(name.upper())


def hosts(*names):
    return lambda: HostNames(("localhost", *names), (ipaddress.IPv4Address("127.0.0.1"),))


def test_names_that_came_after_the_certificate_are_reported(tmp_path):
    config = configuration(tmp_path)
    ServerIdentity(config, hosts("box", "box.local")).issue()
    renamed = ServerIdentity(config, hosts("Recognition", "recognition.lan"))
    assert renamed.names_without_certificate(renamed.read()) == ("Recognition", "recognition.lan")
    renamed.add_names(["recognition", "recognition.lan"])
    assert renamed.names_without_certificate(renamed.read()) == ()


def test_a_container_that_is_called_by_its_number_has_no_name(tmp_path):
    number = "3f2a" * 16
    config = configuration(tmp_path)
    ServerIdentity(config, hosts("box")).issue()
    for container, told in ((number, ()), ("b0b1" * 16, (number[:12],)), (None, (number[:12],))):
        place = ServerIdentity(config, hosts(number[:12]), container=lambda c=container: c)
        assert place.names_without_certificate(place.read()) == told


def test_added_names_keep_key_and_fingerprint_and_add_up(tmp_path):
    place = ServerIdentity(configuration(tmp_path), hosts("box"))
    before = place.prepare()
    place.add_names(["one.lan"])
    place.add_names(["two.lan"])
    after = place.read()
    assert (after.key, after.certificate) == (before.key, before.certificate)
    assert after.added_names == {"one.lan", "two.lan"}
    assert len(x509.load_pem_x509_certificates(after.chain)) == 2
    assert set(dns_names(after.added)) == {"localhost", "box", "one.lan", "two.lan"}
    assert place.certificate_path.read_bytes() == after.chain, "a CA file for all names"
    assert place.warnings(after) == ()


def test_a_new_key_has_the_names_that_are_given_and_forgets_added_ones(tmp_path):
    place = ServerIdentity(configuration(tmp_path), hosts("box"))
    first = place.issue(["recognition.lan"])
    assert dns_names(first.certificate) == ("localhost", "box", "recognition.lan")
    place.add_names(["two.lan"])
    second = place.issue()
    assert second.fingerprint != first.fingerprint
    assert place.read().added is None


def test_names_are_added_to_the_servers_own_key_only(given_files):
    with pytest.raises(CertificateError, match="whoever made that must renew it"):
        ServerIdentity(given_files()).add_names(["one.lan"])


def test_without_a_key_there_is_nothing_to_add_names_to(tmp_path):
    with pytest.raises(CertificateError, match="no key to keep yet"):
        ServerIdentity(configuration(tmp_path)).add_names(["one.lan"])


def test_an_added_certificate_that_expires_is_warned_of_with_its_own_cure(tmp_path):
    config = configuration(tmp_path)
    ServerIdentity(config).issue()
    ServerIdentity(config, now=lambda: NOW - timedelta(days=900)).add_names(["one.lan"])
    place = ServerIdentity(config)
    (warning,) = place.warnings(place.read())
    assert "cert new --keep-key --name NAME" in warning
