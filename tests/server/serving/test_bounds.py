"""What one connection may hold of the server's memory and time, over real TLS."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from iot_facerecognition_server.serving.connection import ClientConnection as ServerSide
from iot_facerecognition_server.sessions.budget import BudgetLimits

from .live_server import LIMITS, LiveServer, trusting

REJECTED = "input_rejected_total"
ANY_RATE = BudgetLimits(messages=0)
"""For floods: by default their budget ends them before they reach any other bound."""
HANG = 30.0
"""Seconds after which a scenario has hung."""
pytestmark = pytest.mark.usefixtures("short_closing")


def ping(size: int = 125) -> bytes:
    return Frame(Opcode.PING, bytes(size)).serialize(mask=True)


@asynccontextmanager
async def deaf(live: LiveServer) -> AsyncIterator[ClientConnection]:
    """A client that reads no more once it is open, with a small buffer in the system."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", live.port))
    client = await live.connect(sock=narrow, server_hostname="localhost", ping_interval=None)
    await client.recv()
    client.transport.pause_reading()
    try:
        yield client
    finally:
        client.transport.abort()


async def flood(client: ClientConnection, data: bytes) -> None:
    """Write `data` again and again until the connection is lost."""
    while not client.transport.is_closing():
        client.transport.write(data)
        await client.drain()
        await asyncio.sleep(0)


def test_who_asks_for_pongs_and_does_not_read_them_is_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with (
            asyncio.timeout(HANG),
            LiveServer(tmp_path, budget=ANY_RATE) as live,
            deaf(live) as client,
        ):
            flooding = asyncio.create_task(flood(client, 100 * ping()))
            await live.counted(REJECTED, reason="too-slow")
            flooding.cancel()
            assert live.server.clients == ()

    asyncio.run(scenario())
    assert "does not read what it is sent" in caplog.text


def test_many_small_answers_leave_in_one_piece(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live, live.connect() as client:
            await client.recv()
            (served,) = live.server.clients
            writes = []
            transport = served._connection.transport
            original = transport.write
            transport.write = lambda data: (writes.append(len(data)), original(data))
            client.transport.write(b"".join(ping(1) for _ in range(500)))
            await (await client.ping())
            assert len(writes) < 10

    asyncio.run(scenario())


def test_the_server_ends_while_clients_do_not_read(tmp_path: Path) -> None:
    """Their write buffers are full, so no close frame gets through."""

    async def scenario() -> None:
        live = LiveServer(tmp_path, replace(LIMITS, backlog=100_000_000), ANY_RATE)
        async with AsyncExitStack() as stack:
            await live.__aenter__()
            clients = [await stack.enter_async_context(deaf(live)) for _ in range(5)]
            floods = [asyncio.create_task(flood(client, 1000 * ping())) for client in clients]
            connections = [client._connection for client in live.server.clients]
            while not all(one.paused for one in connections):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
            for flooding in floods:
                flooding.cancel()
            async with asyncio.timeout(HANG):
                await live.server.close(0.0)
            assert live.server.clients == ()

    asyncio.run(scenario())


def begun(size: int) -> bytes:
    """Return a frame of a million bytes that ends after `size` of them."""
    return Frame(Opcode.BINARY, bytes(1_000_000)).serialize(mask=True)[:size]


def fragment(size: int) -> bytes:
    """Return the first fragment of a message."""
    return Frame(Opcode.BINARY, bytes(size), fin=False).serialize(mask=True)


async def ending(client: ClientConnection) -> tuple[list[str], int | None]:
    """Return the codes of the errors that the client is told, and the code of the close."""
    told = []
    try:
        while True:
            message = json.loads(await client.recv())
            if message["command"] == 11:
                told.append(message["context"]["code"])
    except ConnectionClosed as closed:
        return told, None if closed.rcvd is None else closed.rcvd.code


@pytest.mark.parametrize(
    "sent",
    [begun(500_000), fragment(500_000), fragment(0), begun(1)],
    ids=["half", "fragment", "empty fragment", "byte"],  # masked with random bytes, so no names
)
def test_a_message_that_does_not_end_is_given_up(sent: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        limits = replace(LIMITS, message_seconds=0.3)
        async with asyncio.timeout(HANG), LiveServer(tmp_path, limits) as live:
            async with live.connect() as other, live.connect() as client:
                client.transport.write(sent)
                assert await ending(client) == (["message-unfinished"], 1008)
                await (await other.ping())
            await live.counted(REJECTED, reason="message-unfinished")
            assert live.server._unfinished.size == 0

    asyncio.run(scenario())


def test_pings_do_not_prolong_a_message(tmp_path: Path) -> None:
    async def scenario() -> None:
        limits = replace(LIMITS, message_seconds=0.3)
        async with (
            asyncio.timeout(HANG),
            LiveServer(tmp_path, limits, ANY_RATE) as live,
            live.connect() as client,
        ):
            client.transport.write(fragment(10))
            pinging = asyncio.create_task(keep_pinging(client))
            assert await ending(client) == (["message-unfinished"], 1008)
            await pinging

    asyncio.run(scenario())


async def keep_pinging(client: ClientConnection) -> None:
    while not client.transport.is_closing():
        client.transport.write(ping())
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "unfinished", [begun(990_000), fragment(990_000)], ids=["whole", "fragment"]
)
def test_unfinished_messages_are_bounded_together_and_the_idle_ones_go(
    unfinished: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Four fit; each further one costs the one that has held most for longest, never `honest`."""

    async def scenario() -> None:
        async with (
            asyncio.timeout(HANG),
            AsyncExitStack() as stack,
            LiveServer(tmp_path) as live,
            live.connect() as honest,
        ):
            greedy = [await stack.enter_async_context(live.connect()) for _ in range(10)]
            ended = [asyncio.create_task(ending(client)) for client in greedy]
            frame = Frame(Opcode.BINARY, bytes(900_000)).serialize(mask=True)
            honest.transport.write(frame[:20_000])
            for client in greedy:
                client.transport.write(unfinished)
            await live.counted(REJECTED, 6, reason="message-unfinished")
            assert live.server._unfinished.size <= LIMITS.unfinished_bytes
            honest.transport.write(frame[20_000:])
            await (await honest.ping())
            assert live.count("frames_received_total") == 1
            assert live.count(REJECTED, reason="message-unfinished") < 10
            for task in ended:
                task.cancel()

    asyncio.run(scenario())
    assert "UnfinishedBytes" in caplog.text


def test_a_request_that_does_not_end_is_cut(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(HANG), LiveServer(tmp_path) as live:
            reader, writer = await asyncio.open_connection("127.0.0.1", live.port, ssl=trusting())
            writer.write(b"GET / HTTP/1.1\r\n" + (b"X: " + b"y" * 8000 + b"\r\n") * 100)
            with suppress(ConnectionError):
                assert await reader.read() == b""
            assert live.count("connections_refused_total", reason="handshake-timeout") == 0

    asyncio.run(scenario())


def test_bounds_are_logged_with_the_settings_that_hold(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        limits = replace(LIMITS, message_seconds=0.2)
        async with asyncio.timeout(HANG), LiveServer(tmp_path, limits) as live:
            async with live.connect() as client:
                client.transport.write(begun(100))
                await ending(client)
            await live.counted(REJECTED, reason="message-unfinished")

    asyncio.run(scenario())
    assert "disconnected: a message has 0.2 s to arrive ([Limits] MessageSeconds)" in caplog.text


def test_a_message_that_cannot_be_given_up_leaves_the_others_their_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up, failed = ServerSide.give_up_message, []

    def fail_once(connection: ServerSide, words: str) -> None:
        if not failed:
            failed.append(connection)
            raise RuntimeError("a fault of the server")
        give_up(connection, words)

    monkeypatch.setattr(ServerSide, "give_up_message", fail_once)

    async def scenario() -> None:
        limits = replace(LIMITS, message_seconds=0.1)
        async with (
            asyncio.timeout(HANG),
            LiveServer(tmp_path, limits) as live,
            live.connect() as first,
        ):
            first.transport.write(begun(50_000))
            await first.wait_closed()
            async with live.connect() as second:
                second.transport.write(begun(50_000))
                assert await ending(second) == (["message-unfinished"], 1008)
        assert len(failed) == 1

    asyncio.run(scenario())
