"""Lines about peers: few of a kind, and a summary that names who caused the others."""

import asyncio
import logging
from pathlib import Path

import pytest

from iot_facerecognition_server.observability.peer_log import PeerLog
from iot_facerecognition_server.sessions.budget import BudgetLimits
from tests.server.serving.live_server import LiveServer

log = logging.getLogger("iot_facerecognition_server.tests.peers")
LEFT_OUT = "log_lines_left_out_total"


def test_failed_logins_from_many_addresses_are_few_lines_and_one_summary(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    left_out: list[int] = []
    peers = PeerLog(log, lambda: now, lambda: left_out.append(1))
    for number in range(1000):
        peers.warn("authentication", "rejected %s: %s", f"192.0.2.{number % 250}", "no token")
    peers.warn("origin", "rejected %s: %s", "192.0.2.1", "a foreign page")
    for _ in range(50):
        peers.warn("authentication", "rejected %s: %s", "192.0.2.7", "no token")
    assert len(caplog.records) == 21
    assert len(left_out) == 1030
    peers.summarise()
    assert len(caplog.records) == 21
    now = 60.0
    peers.summarise()
    (summary,) = caplog.messages[21:]
    assert summary.startswith(
        "1030 more connections were refused (authentication), from 192.0.2.7 (53), 192.0.2.20 (4),"
    )
    assert summary.endswith(" and 245 more addresses (961)")
    peers.warn("authentication", "rejected %s: %s", "192.0.2.1", "no token")
    assert len(caplog.records) == 23


def test_what_was_left_out_last_is_said_when_the_server_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            for _ in range(25):
                _, writer = await asyncio.open_connection("127.0.0.1", live.port)
                writer.write(b"SSH-2.0-x\r\n")
                await writer.drain()
            await live.counted("connections_refused_total", 25, reason="not-tls")
            assert live.count(LEFT_OUT, reason="refusals") == 5

    asyncio.run(scenario())
    assert caplog.messages[-1] == ("5 more connections were refused (not-tls), from 127.0.0.1 (5)")


def test_what_a_client_sets_as_it_connects_is_one_line_and_what_it_changes_one_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live, live.connect() as client:
            for text in ('{"command":1,"context":"kitchen"}', '{"command":6,"context":3}'):
                await client.send(text)
            await client.send('{"command":6,"context":4}')
            for _ in range(4):  # what was asked for, and the answers
                await client.recv()

    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    lines = [line for line in caplog.messages if " set: " in line]
    assert [line.split()[-1] for line in lines] == ['"kitchen"', "4"]


def test_lines_beyond_an_identity_s_budget_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    budget = BudgetLimits(log_lines=6)
    live = LiveServer(tmp_path, budget=budget)

    async def scenario() -> None:
        async with live, live.connect() as client:
            for number in range(100):
                await client.send(f'{{"command":2,"context":"message {number}"}}')
            await live.counted(LEFT_OUT, 30, reason="budget")

    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    told = [line.split() for line in caplog.messages if "[Budget] LogLines" in line]
    assert sum(int(words[0]) for words in told) == live.count(LEFT_OUT, reason="budget")
    assert told[-1][5] == '"127.0.0.1"', "said though the client has gone"
