"""Floods of what is no message: pings, pongs and scraps of messages."""

import asyncio
import json
from asyncio.sslproto import SSLProtocol
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from iot_facerecognition_server.sessions.budget import BudgetLimits

from .live_server import LIMITS, LiveServer

MESSAGES = 10.0
AT_ONCE = 200
Flood = Callable[[ClientConnection], Awaitable[object]]
pytestmark = pytest.mark.usefixtures("short_closing")


async def pings(client: ClientConnection) -> None:
    for _ in range(10 * AT_ONCE):
        await client.ping()


async def pongs(client: ClientConnection) -> None:
    for _ in range(10 * AT_ONCE):
        await client.pong()


async def scraps(client: ClientConnection) -> None:
    await client.send(["x"] * 10 * AT_ONCE)


def test_bytes_of_a_message_that_has_not_ended_are_counted_as_they_come(tmp_path: Path) -> None:
    """Each of ten connections sends one message of ten times the budget: none gets all in."""
    budget, size = BudgetLimits(bytes=50_000), 500_000

    async def scenario() -> None:
        async with LiveServer(tmp_path, budget=budget) as server, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(server.connect()) for _ in range(10)]
            sending = [asyncio.create_task(client.send(bytes(size))) for client in clients]
            held = [client._connection._reading for client in server.server.clients]
            while not all(reading._reasons for reading in held):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
            assert len(held) == 10
            assert 0 < server.server.unfinished_bytes < 10 * size / 4
            assert server.count("frames_received_total") == 0
            for task, client in zip(sending, clients, strict=True):
                task.cancel()
                client.transport.abort()  # it would wait long for the answer to its close

    asyncio.run(scenario())


def test_large_messages_of_one_identity_arrive_one_after_the_other(tmp_path: Path) -> None:
    """Twenty connections of one identity, each with a message as large as the bound: all arrive."""
    bound = size = 900_000
    limits = replace(LIMITS, unfinished_of_identity=bound, unfinished_bytes=100 * size)
    largest = 0

    async def watch(server: LiveServer) -> None:
        nonlocal largest
        while server.count("frames_received_total") < 20:
            largest = max(largest, server.server.unfinished_bytes)
            await asyncio.sleep(0)

    async def scenario() -> None:
        async with LiveServer(tmp_path, limits) as server, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(server.connect()) for _ in range(20)]
            async with asyncio.TaskGroup() as group:
                group.create_task(watch(server))
                for client in clients:
                    group.create_task(client.send(bytes(size)))

    asyncio.run(scenario())
    assert size / 2 < largest <= bound + 20 * SSLProtocol.max_size, "each has read once"


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
