"""What a connection keeps while nothing comes over it."""

import asyncio
import gc
import tracemalloc
from functools import partial

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from iot_facerecognition_server.serving.connection import ClientConnection
from iot_facerecognition_server.serving.tls_buffers import ReadBuffer

SIZE = 1 << 20


async def kept_after(sizes: list[int]) -> tuple[list[int], int]:
    """Return the sizes that arrived, and how many bytes more are held than before the first."""
    arrived: list[int] = []
    all_there = asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        while True:
            arrived.append(len(await connection.recv()))
            if len(arrived) == len(sizes):
                all_there.set()

    made = partial(ClientConnection, read_buffer=ReadBuffer())
    async with (
        serve(handle, "127.0.0.1", 0, create_connection=made, compression=None) as server,
        connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client,
    ):
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for size in sizes:
            await client.send(bytes(size))
        await all_there.wait()
        await asyncio.sleep(0)
        gc.collect()
        return arrived, tracemalloc.get_traced_memory()[0] - before


def test_nothing_is_kept_of_a_message_that_was_handed_on():
    tracemalloc.start()
    try:
        arrived, kept = asyncio.run(kept_after([SIZE, SIZE // 2]))
    finally:
        tracemalloc.stop()
    assert arrived == [SIZE, SIZE // 2]
    assert kept < SIZE // 8
