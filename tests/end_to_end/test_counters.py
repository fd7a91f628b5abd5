"""What is refused is counted under the code that the client is told."""

import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from lab.server_process import ServerProcess

from .conftest import dial

PREFIX = "iot_facerecognition_"


@pytest.fixture(scope="module")
def counting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with metrics that closes connections which rest for a second."""
    settings = {
        "Metrics": {"Enable": "true", "Port": "0"},
        "Limits": {"IdleSeconds": "1", "FrameBytes": "100000"},
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), {}, settings) as running:
        yield running


def samples(server: ServerProcess, *labels: str) -> dict[tuple[str, str], float]:
    """Return every metric's value by its name and the first of its `labels`."""
    labels = labels or ("reason", "client")
    found = re.search(r"metrics on (http://\S+:\d+)/", server.output())
    assert found is not None, server.output()
    with urllib.request.urlopen(f"{found[1]}/metrics", timeout=10) as response:
        text = response.read().decode()
    return {
        (
            s.name.removeprefix(PREFIX),
            next((s.labels[n] for n in labels if n in s.labels), ""),
        ): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def limits(server: ServerProcess) -> dict[tuple[str, str], float]:
    """Return `limit` and `limit_used`, by metric and label."""
    return {key: v for key, v in samples(server, "limit").items() if key[0].startswith("limit")}


def rejected(server: ServerProcess, code: str) -> float:
    (count,) = (
        value
        for (name, reason), value in samples(server).items()
        if reason == code and "rejected" in name and name.endswith("_total")
    )
    return count


def last_words(server: ServerProcess, message: str | bytes | None) -> tuple[dict[str, str], int]:
    """Send `message`; return the ERROR that ended the connection, and its close code."""
    with dial(server.access) as peer:
        assert peer.receive()["command"] == 9
        if message is not None:
            peer.send(message)
        error = peer.until(11)["context"]
        with pytest.raises(ConnectionClosed) as closed:
            peer.receive()
        assert closed.value.rcvd is not None
        return error, closed.value.rcvd.code


def test_idle_connection_is_counted(counting_server: ServerProcess) -> None:
    before = rejected(counting_server, "idle")
    error, code = last_words(counting_server, None)
    assert (error["code"], code) == ("idle", 1008)
    assert rejected(counting_server, "idle") == before + 1


@pytest.mark.parametrize("message", ["x" * 100_001, b"\xff\xd8" + bytes(100_000)])
def test_message_beyond_every_limit_is_counted_and_named_rightly(
    counting_server: ServerProcess, message: str | bytes
) -> None:
    before = rejected(counting_server, "frame-too-large")
    error, code = last_words(counting_server, message)
    assert (error["code"], code) == ("frame-too-large", 1009)
    assert error["message"] == (
        "a message has at most 100000 bytes here ([Limits] FrameBytes, TextBytes)"
    )
    deadline = time.monotonic() + 20
    while rejected(counting_server, "frame-too-large") != before + 1:  # counted at its very end
        assert time.monotonic() < deadline


def test_text_beyond_its_own_limit_is_counted(counting_server: ServerProcess) -> None:
    before = rejected(counting_server, "text-too-large")
    error, code = last_words(counting_server, "x" * 16_385)
    assert (error["code"], code) == ("text-too-large", 1009)
    assert rejected(counting_server, "text-too-large") == before + 1


def test_health_with_a_wrong_field_reaches_the_metrics_without_it(
    counting_server: ServerProcess,
) -> None:
    before = rejected(counting_server, "malformed-message")
    with dial(counting_server.access) as peer:
        peer.command(1, "feverish")
        peer.command(12, {"cpu_temperature": 51.5, "uptime": "long"})
        error = peer.until(11)["context"]
        assert error["message"] == 'HEALTH: uptime must be a number, not "long"'
        told = samples(counting_server)
    assert [v for (name, client), v in told.items() if client == "feverish" and v == 51.5]
    assert rejected(counting_server, "malformed-message") == before + 1


def test_limits_are_reported_with_what_is_taken_of_them(counting_server: ServerProcess) -> None:
    with dial(counting_server.access) as peer:
        peer.command(1, "counted")
        peer.until(1)
        told = limits(counting_server)
    assert told["limit", "clients"] == 1000
    assert told["limit", "identity-connections"] == 100
    assert told["limit_used", "clients"] >= 1
    assert told["limit_used", "identity-connections"] == told["limit_used", "clients"]
    assert told["limit_used", "address-connections"] == told["limit_used", "clients"]
    assert {name for kind, name in told if kind == "limit"} == {
        *("clients", "address-connections", "identity-connections", "handshakes"),
        "unfinished-bytes",
    }
