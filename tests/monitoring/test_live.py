"""Every query that anyone would ask, against a Prometheus that scrapes the real server under load.

One server and real edges with real faces: two that stay, one that leaves, one that renames itself a
thousand times, one of version 1 that sends more than the server can do, and one that is not let in.
"""

import asyncio
import base64
import itertools
import json
import re
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from demo.cast import people
from demo.server_process import Access, ServerProcess
from iot_facerecognition_client import Client, Fingerprint, ServerAddress
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_protocol import Health, SessionSettings
from monitoring.dashboards.__main__ import FOLDER as DASHBOARDS
from tests.monitoring.prometheus_process import SHIPPED, PrometheusProcess

RENAMES = 1000
_SELECTOR = re.compile(r"\b((?:[a-z_]+:)?(?:iot_facerecognition|up)[a-z0-9_:]*)(\{[^}]*\})?")


class Crowd:
    """The edges, on an event loop in a thread of its own; a context manager that ends them."""

    def __init__(self, access: Access, frames: list[bytes]) -> None:
        self._access = access
        self._frames = frames
        self._stop = asyncio.Event()
        self.renamed = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="crowd")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        work = [
            self._edge("kitchen", 100.0),
            self._edge("door", 100.0),
            self._edge("gone", 8.0),
            self._renaming(),
            self._flood(),
            self._stranger(),
        ]
        tasks = [asyncio.create_task(one) for one in work]
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def _client(self, name: str) -> Client:
        return Client(
            ServerAddress("127.0.0.1", self._access.port),
            trust=Fingerprint(self._access.fingerprint),
            token=self._access.token,
            settings=SessionSettings(name=name),
        )

    async def _edge(self, name: str, seconds: float) -> None:
        """Send ten frames a second and the health each second, and leave after a while."""
        end = time.monotonic() + seconds
        async with self._client(name) as client:
            for number, jpeg in enumerate(itertools.cycle(self._frames)):
                if time.monotonic() > end:
                    return
                client.send(jpeg)
                if number % 10 == 0:
                    client.health(_health(number))
                await asyncio.sleep(0.1)

    async def _renaming(self) -> None:
        async with self._client("chameleon") as client:
            await client.connected()
            for number in range(RENAMES):
                client.set(name=f"chameleon {number}")
                await asyncio.sleep(0.02)  # several scrapes while it changes
            self.renamed.set()
            await self._stop.wait()

    async def _flood(self) -> None:
        """Send as fast as the socket takes it, as a version 1 client that never waits."""
        async with connect(
            f"wss://127.0.0.1:{self._access.port}",
            ssl=Fingerprint(self._access.fingerprint).context(),
            additional_headers={"Authorization": f"Bearer {self._access.token}"},
        ) as connection:
            await connection.send('{"command":1,"context":"flood"}')
            reading = asyncio.create_task(_read(connection))
            try:
                for jpeg in itertools.cycle(self._frames):
                    await connection.send(jpeg)
                    await asyncio.sleep(0.02)
            finally:
                reading.cancel()

    async def _stranger(self) -> None:
        while True:
            with suppress(InvalidStatus):
                await connect(
                    f"wss://127.0.0.1:{self._access.port}",
                    ssl=Fingerprint(self._access.fingerprint).context(),
                    additional_headers={"Authorization": "Bearer guessed"},
                )
            await asyncio.sleep(1)


async def _read(connection: Any) -> None:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


def _health(number: int) -> Health:
    return Health(
        version="1.4.2",
        cpu_temperature=51.5,
        throttled=0,
        wifi_signal=-58.0,
        memory_free=180_000_000,
        uptime=3600.0 + number / 10,
        capture_fps=10.0,
        drops=number // 100,
        frame_rate=10.0,
    )


@dataclass(frozen=True, slots=True)
class Lab:
    """What the tests ask."""

    server: ServerProcess
    prometheus: PrometheusProcess
    port: int
    password: str

    def exposition(self) -> bytes:
        """Scrape the server by hand."""
        trust = ssl.create_default_context(cafile=str(self.server.folder / "state/server.crt"))
        pair = base64.b64encode(f"prometheus:{self.password}".encode()).decode()
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}/metrics", headers={"Authorization": f"Basic {pair}"}
        )
        with urllib.request.urlopen(request, timeout=10, context=trust) as response:
            text: bytes = response.read()
        return text

    def until(self, expression: str, seconds: float = 90.0) -> None:
        """Wait until an expression has a value."""
        deadline = time.monotonic() + seconds
        while not self.prometheus.query(expression):
            assert time.monotonic() < deadline, f"no data: {expression}"
            time.sleep(0.5)


@pytest.fixture(scope="module")
def lab(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server with metrics over TLS and a password, Prometheus, and the crowd."""
    folder = tmp_path_factory.mktemp("lab")
    password = folder / "password"
    password.write_text("of the lab\n")
    settings = {
        "Metrics": {"Enable": "true", "Port": "0", "TLS": "true", "PasswordFile": str(password)}
    }
    with ServerProcess(folder / "server", people(photos), settings) as server:
        port = re.search(r"metrics on https://\S+:(\d+)/", server.output())
        assert port is not None, server.output()
        frames = MovingPhoto([photos / "obama2.jpg", photos / "group.jpg"]).frames(60)
        with (
            PrometheusProcess(
                tmp_path_factory.mktemp("prometheus"),
                target=f"127.0.0.1:{port[1]}",
                certificate=folder / "server" / "state" / "server.crt",
                password_file=password,
            ) as prometheus,
            Crowd(server.access, frames) as crowd,
        ):
            made = Lab(server, prometheus, int(port[1]), "of the lab")
            # Long enough for rates over some scrapes, and until the one that leaves is missed.
            made.until("client:iot_facerecognition_client:connected == 0")
            made.until("sum(rate(iot_facerecognition_client_frames_dropped_total[10s])) > 0")
            made.until("instance_kind:iot_facerecognition_latency_seconds:p95_5m > 0")
            assert crowd.renamed.wait(90)
            yield made
        assert server.stop() == 0, server.output()


def queries() -> list[tuple[str, str]]:
    """Return every panel's queries as Grafana would send them, with the panel's name."""
    found = []
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for inner in (panel, *panel.get("panels", ())):
                name = f"{board['title']}: {inner['title']}"
                found += [(name, target["expr"]) for target in inner.get("targets", ())]
    return found


def as_sent(expression: str) -> str:
    """Put in what Grafana puts in."""
    for variable, value in (("$instance", ".*"), ("$client", ".*"), ("$__rate_interval", "10s")):
        expression = expression.replace(variable, value)
    return expression


def without_gpu(names: str) -> bool:
    return "gpu_" not in names


@pytest.mark.timeout(300)
def test_every_panels_query_returns_data(lab: Lab) -> None:
    asked = queries()
    assert len(asked) > 40
    silent = [
        f"{panel}: {expression}"
        for panel, expression in asked
        if without_gpu(expression) and not lab.prometheus.query(as_sent(expression))
    ]
    assert silent == []
    # A GPU's cannot: but they are understood.
    for _, expression in asked:
        lab.prometheus.query(as_sent(expression))


@pytest.mark.timeout(300)
def test_everything_that_an_alert_looks_at_is_there(lab: Lab) -> None:
    looked_at = set()
    for path in sorted((SHIPPED / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                lab.prometheus.query(rule["expr"])
                looked_at |= set(_SELECTOR.findall(rule["expr"]))
    assert len(looked_at) > 25
    # The condition of an alert need not hold here, but what it looks at has to exist.
    silent = [
        name + labels
        for name, labels in sorted(looked_at)
        if without_gpu(name) and not lab.prometheus.query(f"last_over_time({name}{labels}[5m])")
    ]
    assert silent == []


@pytest.mark.timeout(300)
def test_figures_are_those_of_the_crowd(lab: Lab) -> None:
    ask = lab.prometheus.value
    assert ask('up{job="iot-facerecognition"}') == 1
    assert ask("iot_facerecognition_ready") == 1
    assert ask("iot_facerecognition_gallery_people") == 3
    assert ask('iot_facerecognition_edge_cpu_temperature_celsius{client="door"}') == 51.5
    known = ask('sum(rate(iot_facerecognition_faces_total{kind="known"}[15s]))')
    assert known is not None
    assert known > 0
    assert ask("increase(iot_facerecognition_authentication_failures_total[20s])") != 0
    # The sum of the clients is the server's own count: nothing is counted twice or lost.
    received = ask("iot_facerecognition_frames_received_total")
    ended = ask("sum by () ({__name__=~'iot_facerecognition_frames_(processed|dropped)_total'})")
    waiting = ask("iot_facerecognition_frames_waiting + iot_facerecognition_frames_under_way")
    assert received is not None
    assert ended is not None
    assert waiting is not None
    assert abs(received - ended - waiting) <= 60  # from different scrapes


@pytest.mark.timeout(300)
def test_series_of_a_gone_client_end_and_it_is_missed(lab: Lab) -> None:
    gone = lab.prometheus.query('{__name__=~"iot_facerecognition_(client|edge)_.*",client="gone"}')
    assert gone == []
    stays = lab.prometheus.query('iot_facerecognition_client_info{client="door"}')
    assert len(stays) == 1
    missed = lab.prometheus.query("client:iot_facerecognition_client:connected == 0")
    assert "gone" in {sample["metric"]["client"] for sample in missed}


@pytest.mark.timeout(300)
def test_client_that_renamed_itself_a_thousand_times_made_four_series(lab: Lab) -> None:
    made = lab.prometheus.value(
        "count(count by (client)"
        ' (last_over_time(iot_facerecognition_client_info{client=~"chameleon.*"}[1h])))'
    )
    assert made is not None
    assert 1 <= made <= 4


@pytest.mark.timeout(300)
def test_names_follow_the_conventions(lab: Lab) -> None:
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        check=False,
        input=lab.exposition(),
        capture_output=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout + checked.stderr == b""
