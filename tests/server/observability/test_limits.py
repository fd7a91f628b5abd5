"""Configured limits, and how much of each is taken."""

from prometheus_client import CollectorRegistry

from iot_facerecognition_server.observability.limits import LimitCollector, LimitReading


def value(registry: CollectorRegistry, name: str, limit: str) -> float | None:
    return registry.get_sample_value(f"iot_facerecognition_{name}", {"limit": limit})


def test_limit_stands_next_to_what_is_taken_of_it_at_each_scrape() -> None:
    taken = 3
    registry = CollectorRegistry()
    registry.register(LimitCollector({"clients": LimitReading(1000, lambda: taken)}))
    assert value(registry, "limit_used", "clients") == 3
    taken = 5
    assert value(registry, "limit", "clients") == 1000
    assert value(registry, "limit_used", "clients") == 5


def test_limit_of_zero_is_none_and_is_left_out() -> None:
    registry = CollectorRegistry()
    registry.register(
        LimitCollector({"clients": LimitReading(0, lambda: 3), "handshakes": LimitReading(2, int)})
    )
    assert value(registry, "limit", "clients") is None
    assert value(registry, "limit_used", "clients") is None
    assert value(registry, "limit", "handshakes") == 2
    assert value(registry, "limit_used", "handshakes") == 0
