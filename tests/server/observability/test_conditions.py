"""Gauges that are read when somebody asks."""

import pytest
from prometheus_client import CollectorRegistry

from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.conditions import ConditionCollector


def value(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value(f"iot_facerecognition_{name}")


def test_values_are_read_anew_at_each_scrape() -> None:
    waiting = iter((3, 5))
    registry = CollectorRegistry()
    registry.register(ConditionCollector({catalogue.FRAMES_WAITING: lambda: next(waiting)}))
    assert value(registry, "frames_waiting") == 3
    assert value(registry, "frames_waiting") == 5


def test_value_that_is_unknown_or_whose_disk_is_gone_is_left_out_and_the_rest_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def gone() -> float:
        raise FileNotFoundError(2, "No such file or directory", "/data/state")

    registry = CollectorRegistry()
    registry.register(
        ConditionCollector(
            {
                catalogue.DISK_FREE: gone,
                catalogue.CERTIFICATE_EXPIRY: lambda: None,
                catalogue.READY: lambda: 1.0,
            }
        )
    )
    assert value(registry, "state_disk_free_bytes") is None
    assert value(registry, "certificate_expiry_timestamp_seconds") is None
    assert value(registry, "ready") == 1
    assert "state_disk_free_bytes cannot be measured: " in caplog.text
    assert "/data/state" in caplog.text
