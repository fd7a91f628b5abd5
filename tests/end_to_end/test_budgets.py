"""One client's flood costs itself: it is ignored, told why, and ended; the others are served."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lab.server_process import ServerProcess

from .conftest import Peer, dial
from .test_identity import command, metric

SETTINGS = {
    "Limits": {"Clients": "20"},
    "Budget": {"Messages": "10", "LogLines": "6", "Connections": "8", "Names": "10"},
    "Metrics": {"Enable": "true", "Port": "0"},
}
AT_ONCE = 200
"""Messages that the budget above lets through at once: twenty seconds' worth."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, {}, SETTINGS) as server:
        yield server
        assert server.stop() == 0, server.output()


def flood(peer: Peer, texts: Iterator[str]) -> tuple[Counter[str], int, str]:
    """Send until the connection is closed; return the codes of errors, close code and reason."""
    codes: Counter[str] = Counter()
    try:
        for text in texts:
            peer.send(text)
    except ConnectionClosed:
        pass
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            message = peer.receive()
            if message["command"] == 11:
                codes[message["context"]["code"]] += 1
    close = ended.value.rcvd
    assert close is not None
    return codes, close.code, close.reason


def test_a_flood_is_ignored_told_and_ended_and_its_sender_kept_out_for_a_while(
    running: ServerProcess,
) -> None:
    """It takes the time in which a budget fills, twenty seconds."""
    kinds = '{{"command":1,"context":"{}"}}', '{{"command":2,"context":"{}"}}', "nonsense {}"
    texts = (kinds[n % 3].format(n) for n in range(20_000))
    honest = replace(running.access, token=command(running, "token", "add", "honest"))
    with dial(honest) as other:
        other.until(9)
        with dial(running.access) as greedy:
            codes, code, reason = flood(greedy, texts)
        assert 1 <= codes["rate"] < 10
        assert codes["flooding"] == 1
        assert (code, reason) == (1008, "far more messages than [Budget] Messages allows")
        with pytest.raises(InvalidStatus) as refused, dial(running.access):
            pass
        assert refused.value.response.status_code == 429
        other.command(1, "kitchen")
        other.until(1)
        other.command(12, {"cpu_temperature": 50.0})
        other.command(6, 3)
        other.until(6)
    assert metric(running, 'input_rejected_total{reason="rate"}') > AT_ONCE / 2
    assert metric(running, 'input_rejected_total{reason="flooding"}') == 1
    assert metric(running, 'connections_refused_total{reason="flooding"}') == 1
    lines = (running.folder / "log.txt").read_text().splitlines()
    of_greedy = [line for line in lines if " (first): " in line]
    assert len(of_greedy) < 80, "sixty and some in the time that it took"
    assert any("were left out" in line for line in of_greedy)


def test_one_identity_s_connections_and_names_leave_room_for_an_honest_edge(
    running: ServerProcess,
) -> None:
    honest = replace(running.access, token=command(running, "token", "add", "honest"))
    with ExitStack() as stack:
        for number in range(8):
            peer = stack.enter_context(dial(running.access))
            for renamed in range(4):
                peer.command(1, f"name {number} {renamed}")
                peer.until(1)
        for _ in range(30):
            with pytest.raises(InvalidStatus) as refused, dial(running.access):
                pass
            assert refused.value.response.status_code == 429
            assert b"[Budget] Connections" in (refused.value.response.body or b"")
        edge = stack.enter_context(dial(honest))
        edge.command(1, "kitchen")
        edge.until(1)
        labels = 'client="kitchen",identity="honest",protocol="2",version=""'
        assert metric(running, f"client_info{{{labels}}}") == 1


def test_one_budget_for_all_connections_of_a_token(running: ServerProcess) -> None:
    with dial(running.access) as one, dial(running.access) as two:
        for _ in range(AT_ONCE):
            one.command(6, 3)
        for _ in range(AT_ONCE):
            one.until(6)
        for _ in range(40):
            two.command(6, 3)
        assert two.until(11)["context"]["code"] == "rate"


def test_a_shared_token_s_edges_come_back_all_at_once_and_lose_no_setting(
    running: ServerProcess,
) -> None:
    with ExitStack() as stack:
        edges = [stack.enter_context(dial(running.access)) for _ in range(8)]
        for number in (5, 6, 7, 8, 1, 12):
            contexts = {5: True, 6: 3, 7: False, 8: True, 1: "edge", 12: {}}
            for edge in edges:
                edge.command(number, contexts[number])
        for edge in edges:
            told = [edge.receive()["command"] for _ in range(6)]
            assert told == [9, 5, 6, 7, 8, 1]
