"""What handshakes see after `cert new --keep-key --name`: nobody is locked out."""

import socket
import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from iot_facerecognition_client import Fingerprint
from iot_facerecognition_client.trust import WrongCertificateError
from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.trust.server_identity import ServerIdentity

ADDED = "recognition.lan"
OLD_NAMES = (None, "127.0.0.1", "localhost", socket.gethostname(), "elsewhere.example.org")


@pytest.fixture
def config(tmp_path):
    (tmp_path / "config.ini").touch()
    return load(tmp_path / "config.ini", {})


@pytest.fixture
def tls(config):
    """The TLS side of a server that ran when the name was added, and took it up."""
    running = server_tls(config)
    ServerIdentity(config).add_names([ADDED])
    running.reload()
    return running


def shown(handshake, tls, client, name):
    connection = handshake(tls.context, client, name)
    connection.run()
    return connection.certificate()


def ca_file(pem):
    """A client that checks name, date and signature as curl and a browser do."""
    return ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize("name", OLD_NAMES)
def test_whoever_asks_for_no_added_name_sees_the_old_certificate(tls, trusting, handshake, name):
    old = tls.identity.certificate.public_bytes(Encoding.DER)
    assert shown(handshake, tls, trusting, name) == old


@pytest.mark.parametrize("name", [ADDED, ADDED.upper()])
def test_whoever_asks_for_an_added_name_sees_a_certificate_for_it(config, tls, handshake, name):
    client = ca_file(ServerIdentity(config).certificate_path.read_bytes())
    assert shown(handshake, tls, client, name)
    for usual in ("localhost", "127.0.0.1"):
        assert shown(handshake, tls, client, usual)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_ca_file_of_before_goes_on_at_the_old_names(config, handshake, name):
    running = server_tls(config)
    client = ca_file(ServerIdentity(config).certificate_path.read_bytes())
    ServerIdentity(config).add_names([ADDED])
    running.reload()
    assert shown(handshake, running, client, name)


@pytest.mark.parametrize("name", [*OLD_NAMES, ADDED])
def test_a_fingerprint_that_was_pinned_goes_on_at_every_name(config, handshake, name):
    running = server_tls(config)
    pinned = running.fingerprint
    ServerIdentity(config).add_names([ADDED])
    running.reload()
    assert running.fingerprint == pinned
    shown(handshake, running, Fingerprint(pinned).context(), name)
    restarted = server_tls(config)
    assert restarted.fingerprint == pinned
    shown(handshake, restarted, Fingerprint(pinned).context(), name)


def test_another_fingerprint_is_refused_at_an_added_name(tls, handshake):
    with pytest.raises(WrongCertificateError) as error:
        shown(handshake, tls, Fingerprint("0" * 64).context(), ADDED)
    assert error.value.presented.upper() == tls.fingerprint.replace(":", "").replace(
        "sha256", "SHA256:"
    )


def test_a_new_key_ends_the_added_names(config, tls, trusting, handshake):
    new = ServerIdentity(config).issue()
    tls.reload()
    assert shown(handshake, tls, trusting, ADDED) == shown(handshake, tls, trusting, None)
    assert tls.fingerprint == new.fingerprint
