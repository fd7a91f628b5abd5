"""The catalogue, the page and what the server exposes are one."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from iot_facerecognition_server.observability.catalogue import (
    CLIENT_FAMILIES,
    LABELS,
    MetricType,
    families,
)
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.reference import page

ROOT = Path(__file__).parents[3]


def test_page_is_in_step_with_the_code() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == page(), "run: make docs"


def test_every_label_is_explained() -> None:
    used = {label for family in families() for label in family.labels}
    assert used == set(LABELS)


def test_counters_and_only_counters_end_in_total() -> None:
    for family in families():
        assert family.name.endswith("_total") == (family.kind is MetricType.COUNTER), family.name
        assert bool(family.buckets) == (family.kind is MetricType.HISTOGRAM)
        assert family.meaning.endswith(".")


def test_names_are_distinct_and_client_series_have_the_client() -> None:
    names = [family.name for family in families()]
    assert len(set(names)) == len(names)
    assert all(family.labels[:2] == ("identity", "client") for family in CLIENT_FAMILIES)


def test_registry_describes_exactly_what_is_in_the_catalogue() -> None:
    registry = CollectorRegistry()
    ServerMetrics(registry)
    known = {family.full_name.removesuffix("_total"): family for family in families()}
    for exposed in registry.collect():
        assert exposed.name in known
        assert exposed.type == known[exposed.name].kind
        assert exposed.documentation == known[exposed.name].meaning
