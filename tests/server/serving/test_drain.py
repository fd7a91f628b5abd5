"""The end of a server: what its clients are told, in which order, and when they are to return."""

import asyncio
import contextlib
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from iot_facerecognition_protocol import Drain, Message, Version, decode
from iot_facerecognition_server.process_age import process_seconds
from iot_facerecognition_server.serving.drain import RESTART_SECONDS, RETURN_SECONDS, drain_hint

from .live_server import LiveServer


async def heard(live: LiveServer, version: Version, joined: asyncio.Event) -> list[Message | int]:
    """Connect, and return every message until the connection ends, and the code of its close."""
    options = {} if version is Version.V2 else {"subprotocols": None}
    said: list[Message | int] = []
    async with live.connect(**options) as socket:
        said.append(decode(await socket.recv()))
        joined.set()
        with contextlib.suppress(ConnectionClosed):
            while True:
                said.append(decode(await socket.recv()))
        assert socket.close_code is not None
        said.append(socket.close_code)
    return said[1:]


def test_version_2_is_told_when_to_come_back_and_version_1_sees_no_difference(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live, asyncio.TaskGroup() as group:
            peers = []
            for version in (Version.V1, Version.V2, Version.V2):
                joined = asyncio.Event()
                peers.append(group.create_task(heard(live, version, joined)))
                await joined.wait()
            await live.server.close(1.0, start_seconds=3.0)
            first, second, third = [await peer for peer in peers]
        assert first == [1001]
        assert second == third == [drain_hint(3.0, 3), 1001]

    asyncio.run(scenario())


def test_results_and_hint_leave_before_the_good_bye(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live, live.connect() as socket:
            await socket.recv()
            live.server.say("x" * 60_000)  # more than the socket takes at once
            closing = asyncio.create_task(live.server.close(1.0, 2.0))
            texts = [decode(await socket.recv()) for _ in range(2)]
            assert texts[1] == drain_hint(2.0, 1)
            with contextlib.suppress(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1001
            await closing

    asyncio.run(scenario())


def test_the_hint_grows_with_the_start_and_with_the_fleet() -> None:
    assert drain_hint(3.7, 50) == Drain((3.7 + RESTART_SECONDS) * 1e3, 50 * RETURN_SECONDS * 1e3)
    assert drain_hint(0.0, 0).spread_ms == 0


def test_the_age_of_this_process_is_counted_from_its_start() -> None:
    before = process_seconds()
    assert 0 < before <= process_seconds()
