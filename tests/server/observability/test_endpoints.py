"""Metrics, liveness and readiness over real HTTP and TLS."""

import base64
import gzip
import http.client
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.errors import AddressInUseError
from iot_facerecognition_server.listening import listen
from iot_facerecognition_server.observability.endpoints import (
    SCRAPES,
    Credentials,
    Exposition,
    MonitoringServer,
)
from iot_facerecognition_server.observability.fleet_api import FleetApi
from iot_facerecognition_server.observability.http_thread import (
    CONNECTIONS,
    HEAD_BYTES,
    HttpThread,
    Reply,
    Request,
)
from iot_facerecognition_server.observability.readiness import ProbeResult
from iot_facerecognition_server.trust.api_tokens import ApiTokenStore

GOOD = ProbeResult(good=True, lines=("models: ok",))
BAD = ProbeResult(good=False, lines=("self-test: another answer",))


@contextmanager
def serving(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    context: ssl.SSLContext | None = None,
    credentials: Credentials | None = None,
    collector: Collector | None = None,
    api: FleetApi | None = None,
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
        api=api or FleetApi("1.0", ApiTokenStore(Path("/nonexistent/api-tokens.json"))),
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


def nothing(peer: socket.socket) -> None:
    """Connect and be silent."""


def dribble(peer: socket.socket) -> None:
    peer.sendall(b"GET /livez HT")


def dribble_tls(peer: socket.socket) -> None:
    peer.sendall(b"\x16\x03\x01\x02")


def scrape_without_reading(peer: socket.socket) -> None:
    peer.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")


def large_head(peer: socket.socket) -> None:
    peer.sendall(b"GET /livez HTTP/1.1\r\nX: " + b"y" * (HEAD_BYTES - 100))


@pytest.mark.parametrize(
    "harm", [nothing, dribble, dribble_tls, scrape_without_reading, large_head]
)
@pytest.mark.parametrize("tls", [False, True])
def test_health_is_answered_while_peers_hold_every_connection(
    harm: Callable[[socket.socket], None], tls: bool, tmp_path: Path
) -> None:
    environ = {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(tmp_path)}
    context = server_tls(load(None, environ)).context if tls else None
    trust = ssl.create_default_context(cafile=str(tmp_path / "server.crt")) if tls else None
    with serving(context=context) as server, ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        for _ in range(3 * CONNECTIONS):
            peer = stack.enter_context(socket.create_connection(address))
            with suppress(ConnectionError):
                harm(peer)
        scheme = "https" if tls else "http"
        for _ in range(5):
            assert ask(f"{scheme}://127.0.0.1:{server.port}/livez", context=trust)[0] == 200


def test_a_peer_has_one_deadline_for_the_whole_request() -> None:
    """A byte every now and then does not prolong it."""

    async def answer(request: Request) -> Reply:
        return Reply(HTTPStatus.OK, {}, b"ok")

    listeners = listen("127.0.0.1", 0, "Metrics")
    server = HttpThread(listeners, None, answer, seconds=0.2)
    address = listeners[0].getsockname()
    server.start()
    try:
        with (
            socket.create_connection(address, timeout=20) as peer,
            pytest.raises((ConnectionError, BrokenPipeError)),
        ):
            for _ in range(400):  # twenty seconds, if nobody cuts it
                peer.sendall(b"X")
                time.sleep(0.05)  # the server's thread has a real deadline, which has to pass
    finally:
        server.close()


def test_the_oldest_connection_goes_when_there_are_too_many() -> None:
    with serving() as server, ExitStack() as stack:
        address = ("127.0.0.1", server.port)
        peers = [
            stack.enter_context(socket.create_connection(address, timeout=20))
            for _ in range(CONNECTIONS + 1)
        ]
        with suppress(ConnectionError):
            assert peers[0].recv(1) == b""
        peers[-1].sendall(b"GET /livez HTTP/1.1\r\n\r\n")
        assert peers[-1].recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /livez HTTP/1.0\r\nHost: x\r\n\r\n", b"200"),
        (b"POST /livez HTTP/1.1\r\n\r\n", b"405"),
        (b"rubbish\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\nrubbish\r\n\r\n", b"400"),
        (b"GET /livez HTTP/1.1\r\nX: " + b"y" * HEAD_BYTES + b"\r\n\r\n", b"431"),
    ],
)
def test_requests_are_judged_by_their_form(sent: bytes, status: bytes) -> None:
    with (
        serving() as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(sent)
        assert peer.recv(100).split()[1] == status


class Stuck(Collector):
    """Takes until the test says so."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def collect(self) -> Iterator[Metric]:
        self.begun.set()
        self.go_on.wait(60)
        return iter(())

    def describe(self) -> Iterator[Metric]:
        return iter(())


def test_health_does_not_wait_for_a_scrape_and_scrapes_are_few() -> None:
    stuck = Stuck()
    with serving(collector=stuck) as server, ExitStack() as stack:
        stack.callback(stuck.go_on.set)
        address = ("127.0.0.1", server.port)
        scrapes = [stack.enter_context(socket.create_connection(address)) for _ in range(SCRAPES)]
        for scrape in scrapes:
            scrape.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert stuck.begun.wait(20)
        assert ask(f"http://127.0.0.1:{server.port}/livez")[0] == 200
        assert ask(f"http://127.0.0.1:{server.port}/metrics")[0] == 503
        stuck.go_on.set()
        assert scrapes[0].recv(15) == b"HTTP/1.1 200 OK"


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
