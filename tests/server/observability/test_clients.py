"""What is exported of each client, and for how long."""

import pytest
from prometheus_client import CollectorRegistry

from iot_facerecognition_protocol import DropReason, FrameStatus, Health
from iot_facerecognition_server.config import load
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.client_metrics import ClientMetrics
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.sessions.events import (
    FrameArrived,
    FrameEnded,
    HealthReceived,
    Joined,
    Left,
    MessageReceived,
    Renamed,
    ResultKind,
    ResultSent,
)
from iot_facerecognition_server.sessions.feed import Feed
from tests.server.connected_clients import connected


class Client:
    """A client of which the feed tells."""

    def __init__(self, feed: Feed, key: int, identity: str) -> None:
        self.feed = feed
        self.client = connected(key, identity=identity)
        feed.publish(Joined(self.client))

    def named(self, name: str) -> None:
        self.feed.publish(Renamed(self.client, name))

    def frame_arrived(self) -> None:
        self.feed.publish(FrameArrived(self.client, 1, accepted=True))

    def frame_dropped(self, reason: str) -> None:
        self.feed.publish(FrameEnded(self.client, 1, FrameStatus.DROPPED, reason))

    def message_received(self, size: int) -> None:
        self.feed.publish(MessageReceived(self.client, size))

    def result_sent(self, seconds: float) -> None:
        self.feed.publish(ResultSent(self.client, 1, ResultKind.FACES, seconds))

    def set_health(self, health: Health) -> None:
        self.feed.publish(HealthReceived(self.client, health))

    def leave(self) -> None:
        self.feed.publish(Left(self.client))


class Bench:
    """Metrics with clocks that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0
        self.registry = CollectorRegistry()
        metrics = ServerMetrics(self.registry, lambda: self.now, lambda: 1e9 + self.now)
        self.feed = Feed()
        ClientMetrics(metrics, lambda: self.now).listen_to(self.feed)

    def join(self, key: int, name: str = "", identity: str = "first") -> Client:
        client = Client(self.feed, key, identity)
        if name:
            client.named(name)
        return client

    def value(self, name: str, identity: str = "first", **labels: str) -> float | None:
        if "client" in labels:
            labels["identity"] = identity
        return self.registry.get_sample_value(f"iot_facerecognition_{name}", labels)

    def clients(self) -> set[str]:
        return {
            sample.labels["client"]
            for family in self.registry.collect()
            for sample in family.samples
            if "client" in sample.labels
        }


def test_client_counts_are_exported_next_to_the_servers() -> None:
    bench = Bench()
    kitchen, door = bench.join(1, "kitchen"), bench.join(2, "door")
    kitchen.frame_arrived()
    kitchen.frame_arrived()
    door.frame_arrived()
    kitchen.frame_dropped(DropReason.REPLACED)
    kitchen.message_received(1000)
    assert bench.value("client_frames_received_total", client="kitchen") == 2
    assert bench.value("client_frames_received_total", client="door") == 1
    assert bench.value("frames_received_total") == 3
    assert bench.value("client_frames_dropped_total", client="kitchen", reason="replaced") == 1
    assert bench.value("client_received_bytes_total", client="kitchen") == 1000


def test_series_of_a_gone_client_end_and_the_servers_stay() -> None:
    bench = Bench()
    client = bench.join(1, "kitchen")
    client.frame_arrived()
    client.set_health(Health(cpu_temperature=50.0))
    assert bench.clients() == {"kitchen"}
    client.leave()
    assert bench.clients() == set()
    assert bench.value("clients") == 0
    assert bench.value("frames_received_total") == 1


def test_connection_is_not_told_of_before_it_says_anything() -> None:
    bench = Bench()
    silent, nameless = bench.join(1), bench.join(2)
    nameless.frame_arrived()
    assert bench.clients() == {"?"}
    silent.leave()
    nameless.leave()


def test_client_that_renames_itself_a_thousand_times_does_not_make_a_thousand_series() -> None:
    bench = Bench()
    client = bench.join(1, "first")
    seen: set[str] = set()
    for i in range(1000):
        client.named(f"name {i}")
        seen |= bench.clients()
    assert len(seen) == 3


def test_latency_is_counted_into_its_bucket() -> None:
    bench = Bench()
    client = bench.join(1, "kitchen")
    for seconds in (0.02, 0.0201, 3.0):
        client.result_sent(seconds)
    of = {"client": "kitchen", "kind": "faces"}
    assert bench.value("client_latency_seconds_bucket", le="0.02", **of) == 1
    assert bench.value("client_latency_seconds_bucket", le="0.05", **of) == 2
    assert bench.value("client_latency_seconds_bucket", le="2.5", **of) == 2
    assert bench.value("client_latency_seconds_bucket", le="+Inf", **of) == 3
    assert bench.value("client_latency_seconds_count", **of) == 3
    assert bench.value("client_latency_seconds_sum", **of) == pytest.approx(3.0401)


@pytest.mark.parametrize("name", ["latency_seconds", "client_latency_seconds", "queue_seconds"])
def test_latencies_of_frames_as_old_as_may_be_are_below_the_highest_bound(name: str) -> None:
    (family,) = (family for family in catalogue.families() if family.name == name)
    oldest = load(None, {}).engine.max_frame_age
    assert max(family.buckets) >= 8 * oldest
    assert sum(bound > oldest for bound in family.buckets) >= 3


def test_health_is_told_as_the_edge_told_it_last() -> None:
    bench = Bench()
    client = bench.join(1, "kitchen")
    client.set_health(Health(version="1.2.0", cpu_temperature=40.0))
    client.set_health(
        Health(
            version="1.3.0",
            cpu_temperature=81.5,
            throttled=0x50005,
            wifi_signal=-71.0,
            capture_fps=4.5,
            frame_rate=5.0,
        )
    )
    assert bench.value("edge_cpu_temperature_celsius", client="kitchen") == 81.5
    assert bench.value("edge_wifi_signal_dbm", client="kitchen") == -71
    assert bench.value("edge_capture_rate", client="kitchen") == 4.5
    assert bench.value("edge_frame_rate_setting", client="kitchen") == 5
    conditions = {
        condition: bench.value("edge_throttling", client="kitchen", condition=condition)
        for condition in ("under_voltage", "frequency_capped", "throttled")
    }
    assert conditions == {"under_voltage": 1, "frequency_capped": 0, "throttled": 1}
    since_boot = {"client": "kitchen", "condition": "throttled"}
    assert bench.value("edge_throttled_since_boot", **since_boot) == 1
    assert bench.value("edge_memory_free_bytes", client="kitchen") is None
    # The version is a label: one a connection, or an edge could make series without end.
    assert bench.value("client_info", client="kitchen", protocol="2", version="1.2.0") == 1
    assert bench.value("client_info", client="kitchen", protocol="2", version="1.3.0") is None


def test_state_of_the_camera_tells_a_dead_one_from_a_paused_edge() -> None:
    bench = Bench()
    client = bench.join(1, "kitchen")

    def told() -> dict[str, float | None]:
        return {
            state: bench.value("edge_camera_state", client="kitchen", state=state)
            for state in ("off", "starting", "running", "failed")
        }

    client.set_health(Health(capture_fps=0.0))
    assert set(told().values()) == {None}  # an edge of before: nobody knows
    client.set_health(Health(capture_fps=0.0, camera="failed"))
    assert told() == {"off": 0, "starting": 0, "running": 0, "failed": 1}
    client.set_health(Health(capture_fps=0.0, camera="off"))
    assert told() == {"off": 1, "starting": 0, "running": 0, "failed": 0}
    client.set_health(Health(capture_fps=0.0, camera="calibrating"))
    assert set(told().values()) == {None}  # a word of the future


@pytest.mark.parametrize("version", ["x" * 41, 'quote"', "line\nbreak", "drei zwei"])
def test_version_that_is_none_becomes_other(version: str) -> None:
    bench = Bench()
    bench.join(1, "kitchen").set_health(Health(version=version))
    assert bench.value("client_info", client="kitchen", protocol="2", version="other") == 1


def test_another_identity_cannot_pass_for_a_client_by_taking_its_name() -> None:
    bench = Bench()
    bench.join(1, "door", "door token").set_health(Health(cpu_temperature=40.0))
    bench.join(2, "door", "impostor").set_health(Health(cpu_temperature=90.0))
    temperature = "edge_cpu_temperature_celsius"
    assert bench.value(temperature, "door token", client="door") == 40
    assert bench.value(temperature, "impostor", client="door") == 90


def test_one_identity_s_thousand_names_leave_another_s_name_its_own() -> None:
    bench = Bench()
    for key in range(1040):
        bench.join(key, f"name {key}", "greedy").leave()
    bench.join(2000, "kitchen", "honest")
    bench.join(2001, "one more", "greedy")
    assert bench.clients() == {"kitchen", "other"}
    assert bench.value("client_info", "honest", client="kitchen", protocol="2", version="") == 1


def test_what_is_told_of_a_client_after_it_left_counts_for_the_server_alone() -> None:
    bench = Bench()
    client = bench.join(1, "kitchen")
    client.leave()
    client.frame_dropped("gone")
    client.set_health(Health(cpu_temperature=50.0))
    assert bench.value("frames_dropped_total", reason="gone") == 1
    assert bench.clients() == set()
