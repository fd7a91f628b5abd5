"""A real Alertmanager on loopback, with the shipped routes and inhibitions, and who is told."""

import json
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.monitoring.prometheus_process import free_port
from tests.monitoring.rule_files import FOLDER


class Told:
    """A receiver of webhooks that keeps what it was told: pairs of status and labels."""

    def __init__(self) -> None:
        """Listen on a free port at once."""
        told: list[tuple[str, dict[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.extend((a["status"], a["labels"]) for a in json.loads(body)["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the same
                """Say nothing."""

        self.alerts = told
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def of(self, alert: str, status: str) -> list[dict[str, str]]:
        """Return the labels of each notification of `alert` with `status`."""
        return [
            labels for said, labels in self.alerts if (labels["alertname"], said) == (alert, status)
        ]


class AlertmanagerProcess:
    """Runs with the shipped configuration, quickened; a context manager that ends it."""

    def __init__(self, folder: Path, receiver: str) -> None:
        """Send everything to `receiver`, and the watchdog's to nobody who answers."""
        self._folder = folder
        self.port = free_port()
        document = yaml.safe_load((FOLDER / "alertmanager" / "alertmanager.yml").read_text())
        hooks = {"nobody": receiver, "watchdog": f"http://127.0.0.1:{free_port()}/"}
        document["receivers"] = [
            {"name": name, "webhook_configs": [{"url": url}]} for name, url in hooks.items()
        ]
        for route in (document["route"], *document["route"]["routes"]):
            route |= {"group_wait": "1s", "group_interval": "1s", "repeat_interval": "2s"}
        self._write(yaml.safe_dump(document))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                [
                    "prometheus-alertmanager",
                    f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def reload(self, text: str) -> None:
        """Take another configuration, as SIGHUP has it."""
        assert self._process is not None
        self._write(text)
        self._process.send_signal(signal.SIGHUP)

    def _write(self, text: str) -> None:
        (self._folder / "alertmanager.yml").write_text(text)
