"""TLS 1.3 only, and renewal under connected clients."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.trust.certificates import CertificateError


@pytest.fixture
def configured(tmp_path, pairs):
    """Make the TLS side of key `name`, whose files tests may change."""

    def configure(name: str, algorithm: int, **environ: str):
        use(pairs, tmp_path, name)
        settings = {"KEY": "a.key", "CERTIFICATE": "a.crt", "KEYALGORITHM": str(algorithm)}
        prefix = "IOT_FACERECOGNITION_"
        variables = {f"{prefix}CERTIFICATE_{key}": value for key, value in settings.items()}
        path = tmp_path / "config.ini"
        path.write_text("")
        return server_tls(load(path, variables | {prefix + k: v for k, v in environ.items()}))

    return configure


def use(pairs: Path, folder: Path, name: str) -> None:
    for kind in ("key", "crt"):
        shutil.copy(pairs / f"{name}.{kind}", folder / f"a.{kind}")


def served(handshake, tls, client) -> bytes:
    connection = handshake(tls.context, client)
    connection.run()
    return connection.certificate()


def der(pairs, name):
    return ssl.PEM_cert_to_DER_cert((pairs / f"{name}.crt").read_text())


def test_tls_1_2_is_refused(configured, trusting, handshake):
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"(?i)unsupported.protocol|alert protocol version"):
        handshake(configured("ec", 3).context, trusting).run()


def test_renewed_files_are_served_and_old_connections_go_on(
    configured, trusting, pairs, tmp_path, *, handshake, openssl
):
    tls = configured("ec", 3)
    old = handshake(tls.context, trusting)
    old.run()
    assert old.certificate() == der(pairs, "ec")
    openssl("req", "-x509", "-key", pairs / "ec.key", "-subj", "/CN=new", "-days", "9",
            "-out", tmp_path / "a.crt")  # fmt: skip
    before, context = tls.fingerprint, tls.context
    assert tls.reload() == tls.reload()
    assert tls.fingerprint != before
    assert tls.context is context
    assert served(handshake, tls, trusting) == ssl.PEM_cert_to_DER_cert(
        (tmp_path / "a.crt").read_text()
    )
    old.exchange()


@pytest.mark.parametrize("name", [None, "server.example.org"])
def test_a_certificate_of_another_algorithm_replaces_the_old_one(
    configured, trusting, pairs, tmp_path, *, handshake, name
):
    tls = configured("ec", 3)
    use(pairs, tmp_path, "ec2")
    tls.reload()
    connection = handshake(tls.context, trusting, name)
    connection.run()
    assert connection.certificate() == der(pairs, "ec2")


def test_bad_new_files_leave_the_old_certificate_in_force(
    configured, trusting, pairs, tmp_path, handshake
):
    tls = configured("rsa", 1)
    shutil.copy(pairs / "ec.crt", tmp_path / "a.crt")
    with pytest.raises(CertificateError, match="is not for the key"):
        tls.reload()
    assert served(handshake, tls, trusting) == der(pairs, "rsa")
    (tmp_path / "a.crt").unlink()
    with pytest.raises(CertificateError, match="No such file"):
        tls.reload()
    assert served(handshake, tls, trusting) == der(pairs, "rsa")
    use(pairs, tmp_path, "rsa")
    tls.reload()


def test_no_tickets_let_clients_return_past_a_renewal(configured, trusting, handshake):
    connection = handshake(configured("ec", 3).context, trusting)
    connection.run()
    session = connection.client.session
    assert session is None or not session.has_ticket


def test_the_client_chooses_the_cipher(configured, tmp_path):
    """A Zero W computes ChaCha20 faster than AES; Python sets the order in OpenSSL's file only."""
    tls = configured("ec", 3)
    settings = tmp_path / "openssl.cnf"
    settings.write_text(
        "openssl_conf = top\n[top]\nssl_conf = all\n[all]\nsystem_default = client\n[client]\n"
        "Ciphersuites = TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        chosen: list[str] = []

        def accept() -> None:
            connection, _ = listener.accept()
            with tls.context.wrap_socket(connection, server_side=True) as secured:
                cipher = secured.cipher()
                assert cipher is not None
                chosen.append(cipher[0])
                secured.recv(1)

        server = threading.Thread(target=accept)
        server.start()
        client = (
            "import socket, ssl, sys\n"
            "context = ssl._create_unverified_context()\n"
            "with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as plain:\n"
            "    with context.wrap_socket(plain) as secured:\n"
            "        secured.send(b'x')\n"
        )
        port = listener.getsockname()[1]
        subprocess.run(
            [sys.executable, "-c", client, str(port)],
            check=True,
            env=os.environ | {"OPENSSL_CONF": str(settings)},
        )
        server.join(10)
    assert chosen == ["TLS_CHACHA20_POLY1305_SHA256"]


@pytest.fixture
def client_of(pairs):
    """Make a client's context with the certificate of a pair; one context would keep several."""

    def make(name: str | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if name is not None:
            context.load_cert_chain(pairs / f"{name}.crt", pairs / f"{name}.key")
        return context

    return make


def test_mtls_lets_in_whom_the_ca_signed(configured, client_of, pairs, tmp_path, handshake):
    authority = tmp_path / "ca.crt"
    shutil.copy(pairs / "rsa.crt", authority)
    tls = configured("ec", 3, AUTH_MODE="mtls", AUTH_CLIENTCA=str(authority))
    for name in (None, "ec2"):
        with pytest.raises(ssl.SSLError):
            handshake(tls.context, client_of(name)).run()
    handshake(tls.context, client_of("rsa")).run()
    shutil.copy(pairs / "ec2.crt", authority)
    tls.reload()
    handshake(tls.context, client_of("ec2")).run()
    with pytest.raises(ssl.SSLError):
        handshake(tls.context, client_of("rsa")).run()


def test_a_client_ca_that_cannot_be_used_is_an_error(configured, pairs):
    for path in (pairs / "missing.crt", pairs / "ec.key"):
        with pytest.raises(CertificateError, match=r"^\[Auth\] ClientCA: "):
            configured("ec", 3, AUTH_MODE="mtls", AUTH_CLIENTCA=str(path))
