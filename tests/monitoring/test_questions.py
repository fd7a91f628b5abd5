"""What the dashboards ask, answered by Prometheus' own evaluation of made-up series.

One server and five edges of one token each: two as they should be, one that is offline, one without
a camera, one that is slow.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.dashboards import edges
from monitoring.dashboards.__main__ import FOLDER
from monitoring.dashboards.panels import Query
from tests.monitoring.prometheus_process import SHIPPED

SERVER = 'job="iot-facerecognition", instance="a"'
WELL, PAUSED, SLOW, BLIND, OFFLINE = "well", "paused", "slow", "blind", "offline"
HERE = (WELL, PAUSED, SLOW, BLIND)
"""The edges that are connected."""
RATES = {WELL: 10.0, PAUSED: 0.0, SLOW: 4.0, BLIND: 0.0}
"""Frames a second."""


def expression(query: str) -> str:
    """Return what Prometheus is asked when all servers are chosen."""
    return Query(query).expression.replace("$instance", ".*")


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    told = "".join(f', {label}="{value}"' for label, value in labels.items())
    return {"series": f"{name}{{{SERVER}{told}}}", "values": values}


def of_edges(name: str, values: dict[str, float], **labels: str) -> list[dict[str, str]]:
    return [
        series(name, f"{value:g}x20", client=edge, identity=edge, **labels)
        for edge, value in values.items()
    ]


def fleet() -> list[dict[str, str]]:
    """Return the series that five edges and the rules leave after ten minutes."""
    own, rule = "iot_facerecognition_", "client:iot_facerecognition_"
    connected = dict.fromkeys(HERE, 1.0) | {OFFLINE: 0.0}
    return [
        *of_edges(f"{rule}client:connected", connected),
        *of_edges(f"{rule}frames_processed:rate2m", RATES),
        *of_edges(f"{rule}frames_received:rate2m", RATES),
        *of_edges(f"{rule}frame_rate:setting", dict.fromkeys(HERE, 10.0)),
        *of_edges(f"{rule}edge_camera:dead", dict.fromkeys(HERE, 0.0) | {BLIND: 1.0}),
        *of_edges(f"{own}client_connected_timestamp_seconds", dict.fromkeys(HERE, 0.0)),
        *of_edges(f"{own}edge_camera_state", {PAUSED: 1.0}, state="off"),
    ]


def check(
    folder: Path, inputs: list[dict[str, str]], asked: str, expected: dict[str, float], at: str
) -> None:
    """Let Prometheus compare what an expression gives with samples by their labels."""
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    case = {"expr": expression(asked), "eval_time": at, "exp_samples": samples}
    test = {"interval": "30s", "input_series": inputs, "promql_expr_test": [case]}
    file = folder / "questions.yml"
    file.write_text(yaml.safe_dump({"tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", file], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def by_edge(values: dict[str, float]) -> dict[str, float]:
    return {
        f'{{instance="a", identity="{edge}", client="{edge}"}}': value
        for edge, value in values.items()
    }


def test_state_of_an_edge_tells_a_dead_camera_from_a_paused_edge(tmp_path: Path) -> None:
    states = {
        WELL: edges.WELL,
        PAUSED: edges.PAUSED,
        SLOW: edges.LATE,
        BLIND: edges.BLIND,
        OFFLINE: edges.OFFLINE,
    }
    check(tmp_path, fleet(), edges.state(), by_edge(states), "10m")


def test_camera_that_the_edge_says_has_failed_is_none(tmp_path: Path) -> None:
    failed = of_edges("iot_facerecognition_edge_camera_state", {WELL: 1.0}, state="failed")
    states = {WELL: edges.BLIND, PAUSED: edges.PAUSED, SLOW: edges.LATE, BLIND: edges.BLIND}
    expected = by_edge(states | {OFFLINE: edges.OFFLINE})
    check(tmp_path, [*fleet(), *failed], edges.state(), expected, "10m")


def test_edge_that_has_just_connected_is_not_called_slow(tmp_path: Path) -> None:
    states = {
        WELL: edges.WELL,
        PAUSED: edges.PAUSED,
        SLOW: edges.WELL,
        BLIND: edges.BLIND,
        OFFLINE: edges.OFFLINE,
    }
    check(tmp_path, fleet(), edges.state(), by_edge(states), "1m")


def test_frames_without_anything_to_find_count_as_processed(tmp_path: Path) -> None:
    rule = "client:iot_facerecognition_frames_not_wanted:rate2m"
    inputs = [*fleet(), *of_edges(rule, {SLOW: 6.0})]
    check(tmp_path, inputs, edges.attained(), by_edge({WELL: 1, SLOW: 1, BLIND: 0}), "10m")


def test_rank_puts_the_states_in_order_and_the_slower_edge_first(tmp_path: Path) -> None:
    ranks = {OFFLINE: 0.0, BLIND: 1.0, SLOW: 2.4, WELL: 3.99, PAUSED: 4.0}
    check(tmp_path, fleet(), edges.rank(), by_edge(ranks), "10m")
    worst = f"bottomk(1, {edges.rank()})"
    check(tmp_path, fleet(), worst, by_edge({OFFLINE: 0.0}), "10m")


def test_alerts_of_an_edge_are_counted_with_those_of_its_identity(tmp_path: Path) -> None:
    alerts = [
        series("ALERTS", "1x20", alertname="A", alertstate="firing", client=SLOW, identity=SLOW),
        series("ALERTS", "1x20", alertname="B", alertstate="firing", identity=SLOW),
        series("ALERTS", "1x20", alertname="B", alertstate="firing", identity=OFFLINE),
        series("ALERTS", "1x20", alertname="A", alertstate="pending", client=WELL, identity=WELL),
        series("ALERTS", "1x20", alertname="C", alertstate="firing"),
    ]
    counts = {SLOW: 2.0, OFFLINE: 1.0, WELL: 0.0, PAUSED: 0.0, BLIND: 0.0}
    expected = {f'{{identity="{edge}", client="{edge}"}}': count for edge, count in counts.items()}
    check(tmp_path, [*fleet(), *alerts], edges.firing(), expected, "10m")


def heat(number_of_edges: int) -> list[dict[str, str]]:
    return [
        series("heat", f"{40 + number}x20", client=f"e{number:02}", identity="one")
        for number in range(number_of_edges)
    ]


def test_chart_has_the_ten_worst_edges_and_the_range_of_all_others(tmp_path: Path) -> None:
    values = f"max by ({edges.KEY}) (heat)"
    lines, lowest, highest = edges.worst(values, f"{values.replace('heat', 'heat @ end()')}")
    of_one = {
        f'{{instance="a", identity="one", client="e{number:02}"}}': 40.0 + number
        for number in range(4, 14)
    }
    check(tmp_path, heat(14), lines.text, of_one, "5m")
    check(tmp_path, heat(14), lowest.text, {"{}": 40.0}, "5m")
    check(tmp_path, heat(14), highest.text, {"{}": 43.0}, "5m")


def test_chart_of_few_edges_has_no_band(tmp_path: Path) -> None:
    values = f"max by ({edges.KEY}) (heat)"
    _, lowest, highest = edges.worst(values, values, lowest=True)
    check(tmp_path, heat(10), lowest.text, {}, "5m")
    check(tmp_path, heat(10), highest.text, {}, "5m")


def version(number: str, values: str) -> dict[str, str]:
    return series("iot_facerecognition_build_info", values, version=number)


@pytest.mark.parametrize(("at", "marks"), [("4m", 0), ("6m", 1), ("10m", 0)])
def test_upgrade_is_marked_at_the_start_of_the_new_version(
    tmp_path: Path, at: str, marks: int
) -> None:
    started = series("process_start_time_seconds", "7x10 290x10")
    inputs = [version("1.0", "1x10"), version("1.1", "_x10 1x10"), started]
    expected = {f'{{version="1.1", {SERVER}}}': 290_000.0} if marks else {}
    check(tmp_path, inputs, annotation("Upgrades"), expected, at)


@pytest.mark.parametrize("at", ["1m", "6m", "10m"])
def test_restart_is_no_upgrade(tmp_path: Path, at: str) -> None:
    started = series("process_start_time_seconds", "7x10 290x10")
    inputs = [version("1.0", "1x20"), started]
    check(tmp_path, inputs, annotation("Upgrades"), {}, at)
    start = 7000.0 if at == "1m" else 290_000.0
    check(tmp_path, inputs, annotation("Restarts"), {f"{{{SERVER}}}": start}, at)


def test_alert_is_marked_as_it_begins_once_for_all_its_edges(tmp_path: Path) -> None:
    hot = "IotFaceRecognitionEdgeHot"
    told = {"alertname": hot, "severity": "warning", "alertstate": "firing"}
    inputs = [
        series("ALERTS", "_x10 1x10", client=edge, identity=edge, **told) for edge in (WELL, SLOW)
    ]
    pending = told | {"alertstate": "pending"}
    inputs.append(series("ALERTS", "_x5 1x10", client=BLIND, **pending))
    always = {"alertname": "IotFaceRecognitionWatchdog", "alertstate": "firing"}
    inputs.append(series("ALERTS", "_x10 1x10", **always))
    mark = {f'{{alertname="{hot}", severity="warning"}}': 1.0}
    check(tmp_path, inputs, annotation("Alerts"), {}, "4m")
    check(tmp_path, inputs, annotation("Alerts"), mark, "5m30s")
    check(tmp_path, inputs, annotation("Alerts"), {}, "8m")


def test_colours_begin_where_the_alerts_do() -> None:
    (group,) = yaml.safe_load((SHIPPED / "rules" / "thresholds.yml").read_text())["groups"]
    limits = {rule["record"].rpartition(":")[2]: rule["expr"] for rule in group["rules"]}
    assert limits["edge_frame_rate_ratio"] == f"vector({edges.SLOW})"
    board = (FOLDER / "fleet.json").read_text()
    table = next(panel for panel in json.loads(board)["panels"] if panel["title"] == "Edges")
    steps = {
        override["matcher"]["options"]: [step["value"] for step in looks["value"]["steps"]]
        for override in table["fieldConfig"]["overrides"]
        for looks in override["properties"]
        if looks["id"] == "thresholds"
    }
    for heading, limit in (
        ("Attained", "edge_frame_rate_ratio"),
        ("Temperature", "edge_temperature_celsius"),
        ("Wi-Fi", "edge_wifi_signal_dbm"),
        ("Latency p95", "latency_seconds"),
    ):
        value = float(limits[limit].removeprefix("vector(").removesuffix(")"))
        assert value in steps[heading], heading


def annotation(name: str) -> str:
    """Return what an annotation of the Fleet dashboard asks."""
    board: dict[str, Any] = json.loads((FOLDER / "fleet.json").read_text())
    (found,) = (mark for mark in board["annotations"]["list"] if mark["name"] == name)
    text: str = found["target"]["expr"]
    return text
