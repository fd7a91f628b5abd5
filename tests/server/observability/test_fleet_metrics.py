"""The fleet as metrics: every edge once, and few labels whatever edges call themselves."""

import json
from collections.abc import Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from iot_facerecognition_server.fleet.edge import Edge, Update, UpdateStage
from iot_facerecognition_server.observability.client_labels import LabelLimits
from iot_facerecognition_server.observability.fleet import FLEET_VERSIONS, FleetCollector


class Bench:
    def __init__(self, edges: Sequence[Edge], limits: LabelLimits | None = None) -> None:
        self.edges, self.now, self.registry = edges, 0.0, CollectorRegistry()
        collector = FleetCollector(
            lambda: self.edges, lambda: 7, lambda: self.now, limits or LabelLimits()
        )
        self.registry.register(collector)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"iot_facerecognition_fleet_{name}", labels)


def updated(identity: str, stage: UpdateStage) -> Edge:
    return Edge(identity, update=Update(stage, 1.0, "1.3.0"))


def test_state_is_one_and_the_others_are_zero() -> None:
    bench = Bench([updated("kitchen", UpdateStage.ROLLED_BACK), Edge("cellar")])
    values = {
        str(stage): bench.value("update_state", identity="kitchen", state=stage)
        for stage in UpdateStage
    }
    assert values == dict.fromkeys(map(str, UpdateStage), 0.0) | {"rolled-back": 1.0}
    assert bench.value("update_state", identity="cellar", state="good") is None
    assert bench.value("not_recorded_total") == 7


def test_three_versions_are_reported_and_what_is_not_known_is_empty() -> None:
    bench = Bench([Edge("kitchen", desired="1.3.0", reported="1.3.0~rc1", running="1.2.0+x-1")])
    labels = {"desired": "1.3.0", "reported": "1.3.0~rc1", "running": "1.2.0+x-1"}
    assert bench.value("version_info", identity="kitchen", **labels) == 1
    bench.edges = [Edge("kitchen")]
    assert bench.value("version_info", identity="kitchen", desired="", reported="", running="") == 1


def test_labels_are_few_however_many_versions_and_identities_there_are() -> None:
    limits = LabelLimits(identities=3)
    bench = Bench([Edge(f"edge-{n}", reported=f"1.{n}") for n in range(500)], limits)
    text = generate_latest(bench.registry).decode()
    assert text.count("version_info{") == 3
    bench = Bench([Edge(f"edge-{n}", reported=f"1.{n}") for n in range(500)])
    text = generate_latest(bench.registry).decode()
    assert text.count('reported="1.') == FLEET_VERSIONS
    assert text.count('reported="other"') == 500 - FLEET_VERSIONS


def test_version_that_is_no_label_is_other() -> None:
    bench = Bench([Edge("kitchen", reported='1"} 7\n' + json.dumps("x"))])
    labels = {"desired": "", "reported": "other", "running": ""}
    assert bench.value("version_info", identity="kitchen", **labels) == 1
