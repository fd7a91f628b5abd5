"""Clients that say nothing are disconnected, in virtual time over real TLS."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.virtual_time import in_virtual_time

from .live_server import LIMITS, LiveServer

IDLE = 100.0
UNHURRIED = replace(LIMITS, handshake_seconds=1e6)
"""Threads, which a handshake asks, know nothing of virtual time."""
FASTER = {"command": 6, "context": 3}


async def ask(client: ClientConnection) -> None:
    """Send a setting and wait for its echo."""
    await client.send(json.dumps(FASTER))
    while json.loads(await client.recv()) != FASTER:
        pass


async def last_words(client: ClientConnection) -> tuple[dict[str, str], int]:
    """Return the error that a client is told, and the code of the close."""
    told = {}
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            message = json.loads(await client.recv())
            if message["command"] == 11:
                told = message["context"]
    assert closed.value.rcvd is not None
    return told, closed.value.rcvd.code


def test_who_says_nothing_is_disconnected_and_who_speaks_now_and_then_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with (
            LiveServer(tmp_path, replace(UNHURRIED, idle_seconds=IDLE)) as live,
            live.connect(open_timeout=None) as silent,
            live.connect(open_timeout=None) as speaking,
        ):
            await ask(silent)
            begun = loop.time()
            ended = asyncio.create_task(last_words(silent))
            for _ in range(3):
                await ask(speaking)
                await asyncio.sleep(IDLE * 0.75)
            await ask(speaking)
            assert loop.time() >= begun + 2 * IDLE
            error, code = await ended
            assert (error["code"], code) == ("idle", 1008)
            assert error["message"] == "nothing came for 100 s ([Limits] IdleSeconds)"
            assert live.count("input_rejected_total", reason="idle") == 1
            assert len(live.server.clients) == 1

    in_virtual_time(scenario)
    assert "disconnected: nothing came for 100 s" in caplog.text


def test_answering_pings_is_saying_nothing(tmp_path: Path) -> None:
    """The server pings every 20 s; a client of this library answers without knowing."""

    async def scenario() -> None:
        async with (
            LiveServer(tmp_path, replace(UNHURRIED, idle_seconds=IDLE)) as live,
            live.connect(open_timeout=None, ping_interval=5) as client,
        ):
            error, _ = await last_words(client)
            assert error["code"] == "idle"

    in_virtual_time(scenario)


def test_without_a_limit_silence_lasts(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            LiveServer(tmp_path, replace(UNHURRIED, idle_seconds=0.0)) as live,
            live.connect(open_timeout=None) as client,
        ):
            await asyncio.sleep(3 * IDLE)
            await ask(client)
            assert live.count("input_rejected_total", reason="idle") == 0

    in_virtual_time(scenario)
