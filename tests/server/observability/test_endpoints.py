"""Metrics, liveness and readiness over real HTTP and TLS."""

import base64
import gzip
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.config import load
from iot_facerecognition_server.errors import AddressInUseError
from iot_facerecognition_server.observability.endpoints import (
    CONNECTIONS,
    Credentials,
    Exposition,
    MonitoringServer,
)
from iot_facerecognition_server.observability.readiness import Verdict
from iot_facerecognition_server.trust.setup import server_tls

GOOD = Verdict(good=True, lines=("models: ok",))
BAD = Verdict(good=False, lines=("self-test: another answer",))


@contextmanager
def serving(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    context: ssl.SSLContext | None = None,
    credentials: Credentials | None = None,
    collector: Collector | None = None,
) -> Iterator[MonitoringServer]:
    registry = CollectorRegistry()
    if collector is not None:
        registry.register(collector)
    Counter("frames", "Frames.", registry=registry).inc(7)
    seconds = Gauge("seconds", "Seconds.", registry=registry)
    server = MonitoringServer(
        host=host,
        port=port,
        context=context,
        credentials=credentials,
        exposition=Exposition(registry, seconds),
        live=lambda: GOOD,
        ready=lambda: BAD,
    )
    server.start()
    try:
        yield server
    finally:
        server.close()


def ask(
    url: str, headers: dict[str, str] | None = None, context: ssl.SSLContext | None = None
) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_three_questions_and_no_other() -> None:
    with serving() as server:
        url = f"http://127.0.0.1:{server.port}"
        status, text = ask(f"{url}/metrics")
        assert (status, b"frames_total 7.0" in text) == (200, True)
        assert ask(f"{url}/livez") == (200, b"models: ok\n")
        assert ask(f"{url}/readyz") == (503, b"self-test: another answer\n")
        assert ask(f"{url}/")[0] == 404


def test_scraper_gets_the_format_and_the_encoding_that_it_asks_for() -> None:
    headers = {"Accept": "application/openmetrics-text", "Accept-Encoding": "gzip"}
    with serving() as server:
        status, body = ask(f"http://127.0.0.1:{server.port}/metrics", headers)
    assert status == 200
    assert gzip.decompress(body).endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (None, 401),
        ("Basic " + base64.b64encode(b"prometheus:wrong").decode(), 401),
        ("Basic " + base64.b64encode(b"other:secret").decode(), 401),
        ("Bearer secret", 401),
        ("Basic " + base64.b64encode(b"prometheus:secret").decode(), 200),
    ],
)
def test_metrics_ask_for_the_password_and_health_does_not(sent: str | None, status: int) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    with serving(credentials=Credentials("prometheus", "secret")) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert ask(f"{url}/metrics", headers)[0] == status
        assert ask(f"{url}/livez", headers)[0] == 200


def test_over_tls_it_shows_the_servers_certificate(tmp_path: Path) -> None:
    environ = {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(tmp_path)}
    tls = server_tls(load(None, environ))
    trust = ssl.create_default_context(cafile=str(tmp_path / "server.crt"))
    with serving(context=tls.context) as server:
        assert ask(f"https://127.0.0.1:{server.port}/livez", context=trust)[0] == 200
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            plain.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
            try:
                answer = plain.recv(1000)  # an alert of TLS
            except ConnectionResetError:
                answer = b""
            assert b"200" not in answer


def test_peers_that_say_nothing_are_few_and_others_are_answered_once_they_go() -> None:
    with serving() as server:
        address = ("127.0.0.1", server.port)
        silent = [socket.create_connection(address) for _ in range(CONNECTIONS)]
        with socket.create_connection(address, timeout=10) as beyond:
            assert beyond.recv(1) == b""  # hung up on
        for one in silent:
            one.close()
        # Their threads notice in their own time.
        for _ in range(1000):
            try:
                status, _ = ask(f"http://127.0.0.1:{server.port}/livez")
            except (OSError, urllib.error.URLError):
                continue
            assert status == 200
            break
        else:
            pytest.fail("nobody was answered any more")


def test_port_in_use_names_the_setting() -> None:
    with (
        serving() as first,
        pytest.raises(AddressInUseError, match=r"change \[Metrics\] Port"),
        serving(port=first.port),
    ):
        pass


def test_no_address_means_all_of_both_kinds() -> None:
    with serving(host="") as server:
        assert ask(f"http://127.0.0.1:{server.port}/livez")[0] == 200
        if socket.has_dualstack_ipv6():
            assert ask(f"http://[::1]:{server.port}/livez")[0] == 200


class Broken(Collector):
    """A programming error, which no setting and no peer can cause."""

    def collect(self) -> Iterator[Metric]:
        raise ZeroDivisionError

    def describe(self) -> Iterator[Metric]:
        return iter(())


def test_scrape_that_cannot_be_answered_is_logged_and_health_still_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(collector=Broken()) as server:
        url = f"http://127.0.0.1:{server.port}"
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(f"{url}/metrics")
        assert ask(f"{url}/livez")[0] == 200
    assert "could not be answered" in caplog.text
    assert "ZeroDivisionError" in caplog.text
