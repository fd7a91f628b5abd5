"""Every query that anyone would ask, against a Prometheus that scrapes the real server under load.

One server and the crowd of edges with real faces (`crowd.py`).
"""

import base64
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_server.observability.catalogue import MetricType, families
from iot_facerecognition_server.trust.tokens import TokenStore
from lab.cast import people
from lab.server_process import ServerProcess
from monitoring.dashboards.__main__ import FOLDER as DASHBOARDS
from monitoring.dashboards.edges import STATES, attained
from monitoring.dashboards.panels import Query
from monitoring.pictures.grafana import Request, Source, draw, missing_program
from tests.monitoring.crowd import Crowd
from tests.monitoring.prometheus_process import (
    SHIPPED,
    PrometheusProcess,
    scraping_over_tls,
)

_SELECTOR = re.compile(r"\b((?:[a-z_]+:)?(?:iot_facerecognition|up)[a-z0-9_:]*)(\{[^}]*\})?")


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


@contextmanager
def with_gpus(folder: Path) -> Iterator[None]:
    """Let the programs that are started find a driver's library with two GPUs."""
    library = folder / "libnvidia-ml.so.1"
    source = Path(__file__).with_name("nvml.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LD_LIBRARY_PATH", str(folder))
        yield


@pytest.fixture(scope="module")
def lab(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server with metrics over TLS and a password, Prometheus, and the crowd."""
    folder = tmp_path_factory.mktemp("lab")
    password = folder / "password"
    password.write_text("of the lab\n")
    settings = {
        "Metrics": {"Enable": "true", "Port": "0", "TLS": "true", "PasswordFile": str(password)}
    }
    with with_gpus(folder), ServerProcess(folder / "server", people(photos), settings) as server:
        port = re.search(r"metrics on https://\S+:(\d+)/", server.output())
        assert port is not None, server.output()
        tokens = TokenStore(server.folder / "state" / "tokens.json")
        # One who is known and one who is not.
        known, unknown = (
            MovingPhoto([photos / name]).frames(30) for name in ("obama2.jpg", "hanks.png")
        )
        with (
            PrometheusProcess(
                tmp_path_factory.mktemp("prometheus"),
                scraping_over_tls(
                    target=f"127.0.0.1:{port[1]}",
                    certificate=folder / "server" / "state" / "server.crt",
                    password_file=password,
                ),
            ) as prometheus,
            Crowd(server.access, tokens.add("door-token"), [*known, *unknown]) as crowd,
        ):
            made = Lab(server, prometheus, int(port[1]), "of the lab")
            # Long enough for rates over some scrapes, and until the one that leaves is missed.
            made.until("client:iot_facerecognition_client:connected == 0")
            made.until("sum(rate(iot_facerecognition_client_frames_dropped_total[10s])) > 0")
            made.until("instance_kind:iot_facerecognition_latency_seconds:p95_5m > 0")
            made.until('iot_facerecognition_fleet_version_info{identity="door-token", running!=""}')
            want_version(server, "door-token", "1.4.2")
            assert crowd.renamed.wait(90)
            # What part of its frame rate an edge attains is known after two minutes.
            made.until(as_sent(Query(attained()).expression), 200.0)
            yield made
        assert server.stop() == 0, server.output()


def want_version(server: ServerProcess, identity: str, version: str) -> None:
    """Record a desired version, as an operator does."""
    program = (sys.executable, "-m", "iot_facerecognition_server", "--config", server.config)
    subprocess.run([*program, "fleet", "want", version, identity], check=True)


def queries() -> list[tuple[str, str]]:
    """Return the queries of every panel and annotation, with their names."""
    found = []
    for path in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for inner in (panel, *panel.get("panels", ())):
                name = f"{board['title']}: {inner['title']}"
                found += [(name, target["expr"]) for target in inner.get("targets", ())]
    return found


def annotations() -> dict[str, str]:
    """Return the annotations' queries by dashboard and name."""
    return {
        f"{board['title']}: {annotation['name']}": annotation["target"]["expr"]
        for board in (json.loads(path.read_text()) for path in DASHBOARDS.glob("*.json"))
        for annotation in board["annotations"]["list"]
    }


def as_sent(expression: str) -> str:
    """Put in what Grafana puts in, one edge being chosen."""
    chosen = {"$instance": ".*", "$client": "door", "$identity": ".*", "$__rate_interval": "10s"}
    for variable, value in chosen.items():
        expression = expression.replace(variable, value)
    # The crowd is fewer edges than a chart has lines: show less, so that others remain.
    return re.sub(r"\b(topk|bottomk)\(10,", r"\1(1,", expression)


@pytest.mark.timeout(300)
def test_every_panels_query_returns_data(lab: Lab) -> None:
    asked = queries()
    assert len(asked) > 40
    silent = [
        f"{panel}: {expression}"
        for panel, expression in asked
        if not lab.prometheus.query(as_sent(expression))
    ]
    assert silent == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("title", ["Edges", "Versions and updates"])
def test_every_field_of_a_table_has_its_place_or_is_hidden(lab: Lab, title: str) -> None:
    board = json.loads((DASHBOARDS / "fleet.json").read_text())
    (table,) = (panel for panel in board["panels"] if panel["title"] == title)
    fields = {"Time"}
    for target in table["targets"]:
        fields.add(f"Value #{target['refId']}")
        for sample in lab.prometheus.query(as_sent(target["expr"])):
            fields |= set(sample["metric"])
    (organised,) = (t["options"] for t in table["transformations"] if t["id"] == "organize")
    shown, hidden = organised["renameByName"], set(organised["excludeByName"])
    assert set(shown) | hidden == fields
    assert not set(shown) & hidden
    # What a column looks like goes by its heading.
    styled = {override["matcher"]["options"] for override in table["fieldConfig"]["overrides"]}
    assert styled == set(shown.values())


@pytest.mark.timeout(300)
def test_everything_that_can_be_chosen_on_top_of_a_dashboard_has_values(lab: Lab) -> None:
    asked = set()
    for path in DASHBOARDS.glob("*.json"):
        source, *others = json.loads(path.read_text())["templating"]["list"]
        assert (source["name"], source["type"], source["query"]) == (
            "datasource",
            "datasource",
            "prometheus",
        )
        for variable in others:
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
            assert found is not None, variable["query"]
            asked.add((variable["name"], *found.groups()))
    assert {name for name, *_ in asked} == {"instance", "client", "identity"}
    for _, series, label in asked:
        values = lab.prometheus.query(f"count by ({label}) ({as_sent(series)})")
        assert all(value["metric"][label] for value in values)
        assert values


@pytest.mark.timeout(300)
def test_start_of_the_server_is_marked_and_is_no_upgrade(lab: Lab) -> None:
    asked = annotations()
    assert len(asked) == 6
    for board in ("Fleet", "Server"):
        (start,) = lab.prometheus.query(as_sent(asked[f"{board}: Restarts"]))
        assert 0 < time.time() - float(start["value"][1]) / 1000 < 600
        assert lab.prometheus.query(as_sent(asked[f"{board}: Upgrades"])) == []


@pytest.mark.timeout(300)
def test_every_metric_of_the_catalogue_is_scraped(lab: Lab) -> None:
    silent = {
        family.name
        for family in families()
        if not lab.prometheus.query(
            family.full_name + ("_count" if family.kind is MetricType.HISTOGRAM else "")
        )
    }
    # Only with CUDA can its memory be too little, and nobody listens to the feed by a mailbox yet.
    assert silent == {"out_of_memory_total", "feed_events_lost_total"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("metric", "label", "values"),
    [
        ("frames_received_total", None, None),
        ("frames_processed_total", None, None),
        ("received_bytes_total", None, None),
        ("sent_bytes_total", None, None),
        ("authentication_failures_total", None, None),
        ("queue_seconds_count", None, None),
        ("event_loop_lag_seconds_count", None, None),
        ("frames_dropped_total", "reason", {"replaced"}),
        ("connections_refused_total", "reason", {"authentication"}),
        ("results_total", "kind", {"faces", "objects"}),
        ("faces_total", "kind", {"known", "unknown"}),
        ("latency_seconds_count", "kind", {"faces", "objects"}),
        ("stage_seconds_count", "stage", {"decode", "detect", "align", "match"}),
        ("network_seconds_count", "network", {"descriptor", "classifier"}),
        ("batch_size_count", "network", {"descriptor", "classifier"}),
        ("client_latency_seconds_count", "client", {"kitchen", "door", "flood"}),
        ("client_frames_processed_total", "client", {"kitchen", "door", "flood"}),
        ("edge_throttling", "condition", set()),
        ("gpu_utilization_ratio", "gpu", {"0"}),
        ("gpu_temperature_celsius", "gpu", {"0", "1"}),
    ],
)
def test_load_is_counted_where_it_should_be(
    lab: Lab, metric: str, label: str | None, values: set[str] | None
) -> None:
    found = lab.prometheus.query(f"iot_facerecognition_{metric} > 0")
    if label is None or values is None:
        assert len(found) == 1
    else:
        assert values <= {sample["metric"][label] for sample in found}
        assert bool(values) == bool(found)


@pytest.mark.timeout(300)
def test_gpu_that_is_there_and_not_used_is_on_its_way_to_an_alert(lab: Lab) -> None:
    alerts = lab.prometheus.query('ALERTS{alertname="IotFaceRecognitionGpuNotUsed"}')
    assert [alert["metric"]["alertstate"] for alert in alerts] == ["pending"]


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
    silent = {
        name
        for name, labels in looked_at
        if "alertmanager" not in labels
        and not lab.prometheus.query(f"last_over_time({name}{labels}[5m])")
    }
    assert silent <= {
        # Only of clients that want nothing, or objects alone; the alert does without (`or`).
        "client:iot_facerecognition_frames_not_wanted:rate2m",
        "iot_facerecognition_client_frames_dropped_total",
        # What was connected minutes before, on a server that has settled: test_firing has both.
        "identity:iot_facerecognition_edges:expected",
        "identity:iot_facerecognition_edges:missing",
        "identity:iot_facerecognition_edges:off_duty",
    }


@pytest.mark.timeout(300)
def test_figures_are_those_of_the_crowd(lab: Lab) -> None:
    ask = lab.prometheus.value
    assert ask('up{job="iot-facerecognition"}') == 1
    assert ask("iot_facerecognition_ready") == 1
    assert ask("iot_facerecognition_gallery_people") == 3
    assert ask('iot_facerecognition_edge_cpu_temperature_celsius{client="door"}') == 51.5
    assert ask('client:iot_facerecognition_frame_rate:setting{client="door"}') == 10
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


@pytest.mark.timeout(900)  # the first time it fetches Grafana's libraries
def test_grafanas_own_libraries_show_the_worst_edge_on_top(lab: Lab, tmp_path: Path) -> None:
    missing = missing_program()
    if missing is not None:
        pytest.skip(missing)
    now = time.time()
    source = Source(lab.prometheus.address, 1.0, now - 60, now)
    wanted = Request(tmp_path / "fleet.png", DASHBOARDS / "fleet.json", {"client": "door"})
    (drawn,) = draw(source, [wanted])
    assert drawn.picture.stat().st_size > 50_000
    assert drawn.empty == []
    edges = drawn.tables["Edges"]
    order = [word.text for word in STATES.values()]
    states = [row[0] for row in edges]
    assert states == sorted(states, key=order.index)
    assert edges[0][:3] == ["offline", "gone", "first"]
    for state in set(states):
        rates = [row[4] for row in edges if row[0] == state and row[4]]
        assert rates == sorted(rates, key=lambda rate: float(rate.removesuffix(" fps")))
    updates = {row[1]: row for row in drawn.tables["Versions and updates"]}
    assert updates["door-token"] == ["good", "door-token", "1.4.2", "1.4.2", "1.4.2"]
    assert "first" in updates
