"""Floods of what is no message: pings, pongs and scraps of messages."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from iot_facerecognition_server.sessions.budget import BudgetLimits

from .live_server import LiveServer

MESSAGES = 10.0
AT_ONCE = 200
Flood = Callable[[ClientConnection], Awaitable[object]]


async def pings(client: ClientConnection) -> None:
    for _ in range(10 * AT_ONCE):
        await client.ping()


async def pongs(client: ClientConnection) -> None:
    for _ in range(10 * AT_ONCE):
        await client.pong()


async def scraps(client: ClientConnection) -> None:
    await client.send(["x"] * 10 * AT_ONCE)


@pytest.mark.parametrize("flood", [pings, pongs, scraps])
def test_a_flood_of_nothing_ends_its_connection_and_nobody_else_s(
    flood: Flood, tmp_path: Path
) -> None:
    async def scenario() -> None:
        budget = BudgetLimits(messages=MESSAGES)
        async with LiveServer(tmp_path, budget=budget) as server:
            async with server.connect() as client:
                with suppress(ConnectionClosed):
                    await flood(client)
                codes = []
                with pytest.raises(ConnectionClosed) as ended:
                    while True:
                        message = json.loads(await client.recv())
                        if message["command"] == 11:
                            codes.append(message["context"]["code"])
                assert codes == ["flooding"]
                assert ended.value.rcvd is not None
                assert ended.value.rcvd.code == 1008
            await server.counted("input_rejected_total", reason="flooding")

    asyncio.run(scenario())


def test_a_client_that_pings_now_and_then_and_sends_in_parts_is_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        budget = BudgetLimits(messages=MESSAGES)
        async with LiveServer(tmp_path, budget=budget) as server, server.connect() as client:
            for _ in range(10):
                await (await client.ping())
                await client.send(['{"command":1,', '"context":', '"kitchen"}'])
                while json.loads(await client.recv())["command"] != 1:
                    pass
            assert server.count("input_rejected_total", reason="rate") == 0

    asyncio.run(scenario())


def test_settings_that_came_at_once_let_others_have_their_turn(tmp_path: Path) -> None:
    """What the loop does between two of them is what others get done."""

    async def scenario() -> None:
        rounds = 0

        async def others() -> None:
            nonlocal rounds
            while True:
                rounds += 1
                await asyncio.sleep(0)

        async with LiveServer(tmp_path) as server, server.connect() as client:
            assert json.loads(await client.recv())["command"] == 9
            for _ in range(300):
                client.protocol.send_text(b'{"command":6,"context":3}')
            work = asyncio.create_task(others())
            client.send_data()  # all of them in one write
            told = 0
            while told < 300:
                told += json.loads(await client.recv())["command"] == 6
            work.cancel()
            assert rounds >= 300

    asyncio.run(scenario())
