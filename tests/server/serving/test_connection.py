"""What a connection keeps while nothing comes over it."""

import asyncio
import gc
import tracemalloc
from asyncio.sslproto import SSLProtocol
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import Server
from websockets.exceptions import ConnectionClosed
from websockets.server import ServerProtocol

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.handshakes import HandshakePace, Handshakes
from iot_facerecognition_server.listening import listen
from iot_facerecognition_server.serving.connection import ClientConnection
from iot_facerecognition_server.serving.entrance import Entrance
from iot_facerecognition_server.serving.proxies import Proxies
from iot_facerecognition_server.serving.unfinished import UnfinishedMessages
from iot_facerecognition_server.third_parties.asyncio_tls import BUFFER_BYTES, ReadBuffer

from .live_server import trusting

SIZE = 1 << 20


class Open:
    """What a connection asks of its server."""

    def is_serving(self) -> bool:
        return True


def new_connection(address: str) -> ClientConnection:
    return ClientConnection(
        ServerProtocol(),
        cast("Server", Open()),
        address=address,
        read_buffer=ReadBuffer(),
        backlog=65_536,
        unfinished=UnfinishedMessages(10 * SIZE, 30.0),
    )


async def kept_after(folder: Path, sizes: list[int]) -> tuple[list[int], int]:
    """Return the sizes that arrived, and how many bytes more are held than before the first."""
    arrived: list[int] = []
    all_there = asyncio.Event()

    async def handle(connection: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                message = await connection.take()
                arrived.append(len(message))
                del message
                if len(arrived) == len(sizes):
                    all_there.set()

    entrance = Entrance(
        context=server_tls(
            load(None, {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(folder)})
        ).context,
        seconds=10.0,
        handshakes=Handshakes(10),
        pace=HandshakePace(0.0, 10.0),
        proxies=Proxies(),
        new_connection=new_connection,
        shake_hands=ClientConnection.handshake,
        serve=handle,
        failed=lambda address, failed: None,
    )
    listeners = listen("127.0.0.1", 0, "Connection")
    uri = f"wss://127.0.0.1:{listeners[0].getsockname()[1]}"
    entrance.open(listeners)
    try:
        async with connect(uri, ssl=trusting(), compression=None) as client:
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            for size in sizes:
                await client.send(bytes(size))
            await all_there.wait()
            await asyncio.sleep(0)
            gc.collect()
            return arrived, tracemalloc.get_traced_memory()[0] - before
    finally:
        entrance.stop()
        await entrance.left(5.0)


def test_nothing_is_kept_of_a_message_that_was_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(SSLProtocol, "max_size", BUFFER_BYTES)
    tracemalloc.start()
    try:
        arrived, kept = asyncio.run(kept_after(tmp_path, [SIZE, SIZE // 2]))
    finally:
        tracemalloc.stop()
    assert arrived == [SIZE, SIZE // 2]
    assert kept < SIZE // 8


def test_who_asks_to_be_told_of_an_end_that_is_past_is_told_at_once() -> None:
    async def scenario() -> None:
        connection = new_connection("192.0.2.1")
        connection.connection_lost_waiter.set_result(None)
        told: list[int] = []
        connection.when_lost(lambda: told.append(1))
        assert told == [1]

    asyncio.run(scenario())
