"""Two real servers, a real Prometheus with the shipped rules quickened, and a real Alertmanager."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.cast import people
from lab.server_process import ServerProcess
from tests.monitoring.alertmanager_process import AlertmanagerProcess, Told
from tests.monitoring.prometheus_process import PrometheusProcess, free_port, quick_configuration
from tests.monitoring.quick_rules import LOOKBACK, write_quick_rules
from tests.monitoring.rule_files import PREFIX
from tests.monitoring.troubled_edges import TroubledEdges

PATIENCE_SECONDS = 240.0
"""Generous: the lab shares its machine with whatever else is running there."""
DISK_BYTES = 300_000_000


class FaultyServer(ServerProcess):
    """The real server, with a folder `faults` by which parts of it fail."""

    @property
    def faults(self) -> Path:
        """Where files of a name break parts: see faulty_server."""
        return self.folder / "faults"

    def start(self, seconds: float = PATIENCE_SECONDS) -> None:
        super().start(seconds)

    def command(self) -> list[str]:
        self.faults.mkdir(exist_ok=True)
        return [sys.executable, "-m", "tests.monitoring.faulty_server", str(self.faults)]


@dataclass(frozen=True, slots=True)
class AlertLab:
    """What the tests break and ask."""

    server: FaultyServer
    other: FaultyServer
    instance: str
    edges: TroubledEdges
    prometheus: PrometheusProcess
    document: dict[str, Any]
    alertmanager: AlertmanagerProcess
    told: Told
    disk: Path

    def until(self, expression: str) -> None:
        """Wait until an expression has a value."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.prometheus.query(expression):
            assert time.monotonic() < deadline, f"no data: {expression}\n{self.seen()}"
            time.sleep(0.3)

    def fires(self, alert: str) -> None:
        """Wait until `alert` fires."""
        self.until(f'ALERTS{{alertname="{PREFIX}{alert}", alertstate="firing"}}')

    def seen(self) -> str:
        """Return what is firing and pending, for whoever reads a failure."""
        return "\n".join(str(one["metric"]) for one in self.prometheus.query("ALERTS"))

    def token(self, name: str) -> str:
        """Make a token."""
        return self.command("token", "add", name).split()[-1]

    def command(self, *words: str) -> str:
        """Run one of the server's commands and return what it printed."""
        program = (sys.executable, "-m", "iot_facerecognition_server")
        return subprocess.run(
            [*program, "--config", str(self.server.config), *words],
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@contextmanager
def alert_lab(folder: Path, photos: Path) -> Iterator[AlertLab]:
    """Start everything: one server that works, and one whose self-test fails."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder / "disk"))
        key, certificate = short_lived_certificate(folder)
        ports = (free_port(), free_port())
        metrics = [{"Metrics": {"Enable": "true", "Port": str(port)}} for port in ports]
        server = FaultyServer(
            folder / "server",
            people(photos),
            {
                **metrics[0],
                "Server": {"StateDirectory": str(disk / "state")},
                "Certificate": {
                    "Key": str(key),
                    "Certificate": str(certificate),
                    "QSsl::KeyAlgorithm": "3",
                },
                "Limits": {"Clients": "8"},
                "Budget": {"Connections": "0"},
                # The slowest way to find faces: a few edges are more than it can do.
                "Engine": {
                    "Workers": "1",
                    "Detector": "hog",
                    "ObjectInterval": "0",
                    "Tracking": "off",
                },
            },
            port=free_port(),
        )
        other = FaultyServer(folder / "other", {}, metrics[1], says="metrics on")
        (other.faults).mkdir(parents=True)
        (other.faults / "self-test").touch()
        stack.enter_context(server)
        stack.enter_context(other)
        told = Told()
        stack.callback(told.close)
        for name in ("alertmanager", "prometheus", "rules"):
            (folder / name).mkdir()
        alertmanager = AlertmanagerProcess(folder / "alertmanager", told.url)
        stack.enter_context(alertmanager)
        write_quick_rules(folder / "rules")
        own = free_port()
        document = configuration(folder / "rules", ports, own, alertmanager.port)
        prometheus = PrometheusProcess(folder / "prometheus", document, own, LOOKBACK)
        stack.enter_context(prometheus)
        edges = stack.enter_context(TroubledEdges(server.access))
        yield AlertLab(
            server,
            other,
            f"127.0.0.1:{ports[0]}",
            edges,
            prometheus,
            document,
            alertmanager,
            told,
            disk,
        )


def configuration(
    rules: Path, servers: tuple[int, int], prometheus: int, alertmanager: int
) -> dict[str, Any]:
    """Return the shipped configuration with these ports of this machine."""
    document = quick_configuration(rules)
    targets = {
        "iot-facerecognition": [f"127.0.0.1:{port}" for port in servers],
        "prometheus": [f"127.0.0.1:{prometheus}"],
        "alertmanager": [f"127.0.0.1:{alertmanager}"],
    }
    for job in document["scrape_configs"]:
        job.pop("basic_auth", None)
        job["static_configs"] = [{"targets": targets[job["job_name"]]}]
    (sending,) = document["alerting"]["alertmanagers"]
    sending["static_configs"] = [{"targets": targets["alertmanager"]}]
    return document


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of `DISK_BYTES`, in memory."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def short_lived_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a key and a certificate for ten days; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "own.key", folder / "own.crt"
    files[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files[0].chmod(0o600)
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return files
