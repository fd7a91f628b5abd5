"""Edges with a trouble each, on an event loop in a thread of its own."""

import asyncio
import itertools
import json
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from iot_facerecognition_client import Client, Fingerprint, ServerAddress
from iot_facerecognition_protocol import Health, SessionSettings
from lab.server_process import Access


async def _others_ended() -> None:
    """Wait until every other task of the loop has ended."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)


class TroubledEdges:
    """Edges that are started by name and go on until they are ended; a context manager."""

    def __init__(self, access: Access) -> None:
        """Connect to the server of `access`."""
        self._access = access
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="troubled edges")
        self._running: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.end()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def start(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Let an edge begin; `cancel` of what is returned ends it."""
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._running.append(running)
        return running

    def end(self) -> None:
        """End every edge."""
        for running in self._running:
            running.cancel()
        self._running.clear()
        asyncio.run_coroutine_threadsafe(_others_ended(), self._loop).result(20)

    async def edge(
        self,
        name: str,
        frames: list[bytes],
        rate: float,
        health: Health,
        token: str | None = None,
    ) -> None:
        """Send `rate` frames a second, if there are `frames`, and `health` each second."""
        async with Client(
            ServerAddress("127.0.0.1", self._access.port),
            trust=Fingerprint(self._access.fingerprint),
            token=token or self._access.token,
            settings=SessionSettings(name=name),
        ) as client:
            for number, jpeg in enumerate(itertools.cycle(frames or [b""])):
                if jpeg:
                    client.send(jpeg)
                if number % max(1, round(rate)) == 0:
                    client.health(health)
                await asyncio.sleep(1 / rate)

    async def flood(self, name: str, frames: list[bytes]) -> None:
        """Send as fast as the socket takes it, as a client of version 1 that never waits."""
        async with connect(
            f"wss://127.0.0.1:{self._access.port}",
            ssl=Fingerprint(self._access.fingerprint).context(),
            additional_headers={"Authorization": f"Bearer {self._access.token}"},
        ) as connection:
            await connection.send(json.dumps({"command": 1, "context": name}))
            for jpeg in itertools.cycle(frames):
                await connection.send(jpeg)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):  # what it is told meanwhile
                        while True:
                            await connection.recv()

    async def stranger(self) -> None:
        """Try a token that nobody has, ten times a second."""
        while True:
            with suppress(InvalidStatus, OSError):
                await connect(
                    f"wss://127.0.0.1:{self._access.port}",
                    ssl=Fingerprint(self._access.fingerprint).context(),
                    additional_headers={"Authorization": "Bearer guessed"},
                )
            await asyncio.sleep(0.1)
