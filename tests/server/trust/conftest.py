"""Keys and certificates of every kind, and real TLS handshakes in memory."""

import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iot_facerecognition_server.trust.host_names import host_names
from iot_facerecognition_server.trust.issuing import issue_identity


class Handshake:
    """A client and a server over memory: handshakes without a socket."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext, name: str | None = None):
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(to_client, to_server, server_hostname=name)
        self.server = server.wrap_bio(to_server, to_client, server_side=True)

    def run(self) -> None:
        waiting = {self.client, self.server}
        for _ in range(10):
            for side in tuple(waiting):
                try:
                    side.do_handshake()
                    waiting.discard(side)
                except ssl.SSLWantReadError:
                    pass
        assert not waiting
        self.exchange()

    def exchange(self) -> None:
        """Send a word each way: in TLS 1.3 a client's certificate is refused only now."""
        for one, other in ((self.client, self.server), (self.server, self.client)):
            one.write(b"ping")
            assert other.read(4) == b"ping"

    def certificate(self) -> bytes:
        der = self.client.getpeercert(binary_form=True)
        assert der is not None
        return der


@pytest.fixture(scope="session")
def handshake() -> type[Handshake]:
    return Handshake


@pytest.fixture
def trusting() -> ssl.SSLContext:
    """A client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture(scope="session")
def own_identity():
    return issue_identity(host_names(), datetime.now(UTC))


def run_openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="session")
def openssl() -> Callable[..., None]:
    return run_openssl


@pytest.fixture(scope="session")
def pairs(tmp_path_factory) -> Path:
    """Folder with NAME.key and NAME.crt for rsa, ec, ec2, dsa, ed25519, weak, odd and in DER."""
    folder = tmp_path_factory.mktemp("pairs")
    kinds = {
        "rsa": ["RSA", "rsa_keygen_bits:2048"],
        "weak": ["RSA", "rsa_keygen_bits:1024"],
        "ec": ["EC", "ec_paramgen_curve:P-256"],
        "ec2": ["EC", "ec_paramgen_curve:P-384"],
        "odd": ["EC", "ec_paramgen_curve:secp256k1"],
        "ed25519": ["ED25519", None],
    }
    for name, (algorithm, option) in kinds.items():
        options = ["-pkeyopt", option] if option else []
        run_openssl("genpkey", "-algorithm", algorithm, *options, "-out", folder / f"{name}.key")
        _sign(folder, name)
    run_openssl("dsaparam", "-genkey", "-out", folder / "dsa.key", "1024")
    _sign(folder, "dsa")
    run_openssl("pkey", "-in", folder / "ec.key", "-outform", "DER", "-out", folder / "der.key")
    run_openssl("x509", "-in", folder / "ec.crt", "-outform", "DER", "-out", folder / "der.crt")
    run_openssl(
        "pkey",
        "-in",
        folder / "ec.key",
        "-aes256",
        "-passout",
        "pass:x",
        "-out",
        folder / "locked.key",
    )
    return folder


def _sign(folder: Path, name: str) -> None:
    run_openssl(
        "req",
        "-x509",
        "-key",
        folder / f"{name}.key",
        "-subj",
        f"/CN={name}",
        "-days",
        "30",
        "-out",
        folder / f"{name}.crt",
    )
