"""A real Prometheus on loopback, with the shipped configuration and a quicker pulse."""

import json
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

SHIPPED = Path(__file__).parents[2] / "monitoring" / "prometheus"
PULSE = "1s"


def scraping_over_tls(
    *, target: str, certificate: Path, password_file: Path, pulse: str = PULSE
) -> dict[str, Any]:
    """Return the shipped configuration for one server over TLS with a password, and its rules."""
    document = quick_configuration(SHIPPED / "rules", pulse)
    del document["alerting"]
    job = next(j for j in document["scrape_configs"] if j["job_name"] == "iot-facerecognition")
    job["scheme"] = "https"
    job["tls_config"] = {"ca_file": str(certificate), "server_name": "localhost"}
    job["basic_auth"]["password_file"] = str(password_file)
    job["static_configs"] = [{"targets": [target]}]
    document["scrape_configs"] = [job]
    return document


def quick_configuration(rules: Path, pulse: str = PULSE) -> dict[str, Any]:
    """Return the shipped configuration with the `rules` of a folder.

    `pulse` is the time between two scrapes, and between two evaluations.
    """
    document: dict[str, Any] = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
    document["global"] = {"scrape_interval": pulse, "evaluation_interval": pulse}
    document["rule_files"] = [str(rules / "*.yml")]
    return document


class PrometheusProcess:
    """Runs with a configuration; a context manager that ends it."""

    def __init__(
        self,
        folder: Path,
        document: dict[str, Any],
        port: int | None = None,
        lookback: str = "5m",
    ) -> None:
        """Use `folder` for configuration and data; without `port`, any free one.

        `lookback` is how long a series without samples is still there.
        """
        self._folder = folder
        self._lookback = lookback
        self._port = port or free_port()
        self._write(document)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                    f"--query.lookback-delta={self._lookback}",
                    "--log.level=warn",
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return self
        raise RuntimeError((self._folder / "output.txt").read_text())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def reload(self, document: dict[str, Any] | str) -> None:
        """Take another configuration, a document or any text, as SIGHUP has it."""
        assert self._process is not None
        self._write(document)
        self._process.send_signal(signal.SIGHUP)

    def _write(self, document: dict[str, Any] | str) -> None:
        text = document if isinstance(document, str) else yaml.safe_dump(document)
        (self._folder / "prometheus.yml").write_text(text)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the instant vector of an expression; a refused one is an error."""
        arguments = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{self._port}/api/v1/query?{arguments}"
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise ValueError(f"{expression}: {error.read().decode()}") from error
        result = answer["data"]["result"]
        return result if answer["data"]["resultType"] == "vector" else [{"value": result}]

    def value(self, expression: str) -> float | None:
        """Return the only value of an expression, None when there is none."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
