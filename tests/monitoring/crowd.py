"""Edges that keep a server busy.

Two that stay, one that leaves, one that renames itself a thousand times, one of version 1 that
sends more than the server can do, and one that is not let in.
"""

import asyncio
import itertools
import math
import threading
import time
from contextlib import suppress
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from iot_facerecognition_client import Client, Fingerprint, ServerAddress
from iot_facerecognition_protocol import (
    CameraState,
    Health,
    SessionSettings,
    UpdateReport,
    UpdateState,
)
from lab.server_process import Access

RENAMES = 1000


class Crowd:
    """The edges, on an event loop in a thread of its own; a context manager that ends them."""

    def __init__(self, access: Access, door_token: str, frames: list[bytes]) -> None:
        """Let `door` in by a token of its own, and the others by the one of `access`."""
        self._access = access
        self._door_token = door_token
        self._frames = frames
        self._stop = asyncio.Event()
        self.renamed = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="crowd")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        work = [
            self._edge("kitchen", math.inf),
            self._edge("door", math.inf, self._door_token),
            self._edge("gone", 8.0),
            self._renaming(),
            self._flood(),
            self._stranger(),
        ]
        tasks = [asyncio.create_task(one) for one in work]
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def _client(self, name: str, token: str | None = None) -> Client:
        return Client(
            ServerAddress("127.0.0.1", self._access.port),
            trust=Fingerprint(self._access.fingerprint),
            token=token or self._access.token,
            settings=SessionSettings(name=name),
        )

    async def _edge(self, name: str, seconds: float, token: str | None = None) -> None:
        """Send ten frames a second and the health each second, and leave after a while."""
        end = time.monotonic() + seconds
        async with self._client(name, token) as client:
            for number, jpeg in enumerate(itertools.cycle(self._frames)):
                if time.monotonic() > end:
                    return
                client.send(jpeg)
                if number % 10 == 0:
                    client.health(_health(number))
                await asyncio.sleep(0.1)

    async def _renaming(self) -> None:
        async with self._client("chameleon") as client:
            await client.connected()
            for number in range(RENAMES):
                client.set(name=f"chameleon {number}")
                await asyncio.sleep(0.02)  # several scrapes while it changes
            self.renamed.set()
            await self._stop.wait()

    async def _flood(self) -> None:
        """Send as fast as the socket takes it, as a version 1 client that never waits."""
        async with connect(
            f"wss://127.0.0.1:{self._access.port}",
            ssl=Fingerprint(self._access.fingerprint).context(),
            additional_headers={"Authorization": f"Bearer {self._access.token}"},
        ) as connection:
            await connection.send('{"command":1,"context":"flood"}')
            reading = asyncio.create_task(_read(connection))
            try:
                for jpeg in itertools.cycle(self._frames):
                    await connection.send(jpeg)
                    await asyncio.sleep(0.02)
            finally:
                reading.cancel()

    async def _stranger(self) -> None:
        while True:
            with suppress(InvalidStatus):
                await connect(
                    f"wss://127.0.0.1:{self._access.port}",
                    ssl=Fingerprint(self._access.fingerprint).context(),
                    additional_headers={"Authorization": "Bearer guessed"},
                )
            await asyncio.sleep(1)


async def _read(connection: Any) -> None:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


def _health(number: int) -> Health:
    return Health(
        version="1.4.2",
        cpu_temperature=51.5,
        throttled=0,
        wifi_signal=-58.0,
        memory_free=180_000_000,
        uptime=3600.0 + number / 10,
        capture_fps=10.0,
        drops=number // 100,
        frame_rate=10.0,
        camera=CameraState.RUNNING,
        update=UpdateReport("1.4.2", UpdateState.GOOD, "attempt", "1.4.1"),
    )
