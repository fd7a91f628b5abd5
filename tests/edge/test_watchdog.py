"""Minutes of an appliance that has little to do, by a fake clock: is the watchdog fed?

The appliance, its daemon, the client, TLS and both sockets are real.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client import Client, State
from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.assembly import BEAT_INTERVAL, HEALTH_INTERVAL
from iot_facerecognition_edge.cameras.interface import Camera
from iot_facerecognition_edge.connection.timekeeping import Timekeeper
from iot_facerecognition_edge.daemon import Daemon
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.machine.health import HealthReader
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_edge.statistics.recorder import SAMPLE_INTERVAL
from tests.virtual_time import in_virtual_time

FOUR_MINUTES = 240.0
UNIT_WATCHDOG = 60.0
"""The unit's WatchdogSec."""


class Signs:
    """When systemd was given a sign of life."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def notify(self, state: str) -> None:
        if state == "WATCHDOG=1":
            self.times.append(asyncio.get_running_loop().time())


def no_camera() -> Camera:
    raise CameraError("camera: none was found")


def make_appliance(folder: Path, settings: dict[str, Any]) -> Appliance:
    return Appliance(
        settings=Settings(settings),
        log=EventLog(),
        statistics=Statistics(),
        timekeeper=Timekeeper(folder / "root"),
        health=HealthReader(folder / "root"),
        open_camera=no_camera,
        clock=asyncio.get_running_loop().time,
        wall=EventLog()._wall,
        state_directory=folder,
        version="1.2.3",
        power_off=None,
    )


async def every(seconds: float, work: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        work()


@asynccontextmanager
async def watched(appliance: Appliance, signs: Signs) -> AsyncIterator[None]:
    """Run what `assembly.run` runs, under this loop's clock."""
    daemon = Daemon(appliance, signs)
    appliance.start()
    beats = [
        asyncio.create_task(every(SAMPLE_INTERVAL, appliance.tick)),
        asyncio.create_task(every(HEALTH_INTERVAL, appliance.report)),
        asyncio.create_task(every(BEAT_INTERVAL, daemon.beat)),
    ]
    try:
        yield
    finally:
        for beat in beats:
            beat.cancel()
        await appliance.stop()


def longest_silence(signs: Signs, until: float) -> float:
    times = [0.0, *signs.times, until]
    return max(after - before for before, after in pairwise(times))


def four_minutes(folder: Path, settings: dict[str, Any], camera: bool = False) -> Appliance:
    """Let four minutes pass; the watchdog was fed all the time, and nothing is said to hang."""
    kept: list[Appliance] = []

    async def work() -> None:
        appliance, signs = make_appliance(folder, settings), Signs()
        kept.append(appliance)
        async with watched(appliance, signs):
            if camera:
                appliance.open_camera(None)
            await asyncio.sleep(FOUR_MINUTES)
            now = appliance.clock()
        assert longest_silence(signs, now) <= UNIT_WATCHDOG / 4

    in_virtual_time(work)
    assert not any("hangs" in entry.text for entry in kept[0].log.entries())
    return kept[0]


@pytest.mark.parametrize("camera", [False, True], ids=["camera off", "no camera"])
def test_connected_without_pictures_for_four_minutes(
    recogniser: Any, tmp_path: Path, camera: bool
) -> None:
    connections = 0
    recogniser.pings = False  # then only the answers to the client's own are heard

    async def work() -> None:
        nonlocal connections
        async with recogniser:
            appliance, signs = make_appliance(tmp_path, recogniser.access), Signs()
            async with watched(appliance, signs):
                if camera:
                    appliance.open_camera(None)
                await asyncio.sleep(FOUR_MINUTES)
                assert appliance.connection.state is State.CONNECTED
                assert longest_silence(signs, appliance.clock()) <= UNIT_WATCHDOG / 4
                assert not any("hangs" in entry.text for entry in appliance.log.entries())
            connections = recogniser.connections

    in_virtual_time(work)
    assert connections == 1


@pytest.mark.parametrize("camera", [False, True], ids=["camera off", "no camera"])
def test_without_a_server_for_four_minutes(
    tmp_path: Path, unused_tcp_port: int, camera: bool
) -> None:
    settings = {
        "connection.address": "127.0.0.1",
        "connection.port": unused_tcp_port,
        "connection.fingerprint": "00" * 32,
    }
    appliance = four_minutes(tmp_path, settings, camera)
    assert any("nothing listens" in entry.text for entry in appliance.log.entries())


def test_not_set_up_for_four_minutes(tmp_path: Path) -> None:
    appliance = four_minutes(tmp_path, {})
    assert any("not set up" in entry.text for entry in appliance.log.entries())


def test_waiting_for_the_time_of_day_and_then_without_a_server(
    tmp_path: Path, unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {
        "connection.address": "127.0.0.1",
        "connection.port": unused_tcp_port,
        "connection.tls_mode": "system",
    }
    appliance = four_minutes(tmp_path, settings)
    assert "the clock was not set in time" in caplog.text
    assert any("nothing listens" in entry.text for entry in appliance.log.entries())


def test_nothing_wanted_for_four_minutes(tmp_path: Path) -> None:
    four_minutes(tmp_path, {"connection.automatic": False})


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take all and say nothing."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(65536):
            pass
    writer.close()


def test_a_server_that_never_says_a_word_for_four_minutes(tmp_path: Path) -> None:
    async def work() -> None:
        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        async with server:
            settings = {
                "connection.address": "127.0.0.1",
                "connection.port": server.sockets[0].getsockname()[1],
                "connection.fingerprint": "00" * 32,
            }
            appliance, signs = make_appliance(tmp_path, settings), Signs()
            async with watched(appliance, signs):
                await asyncio.sleep(FOUR_MINUTES)
                assert longest_silence(signs, appliance.clock()) <= UNIT_WATCHDOG / 4

    in_virtual_time(work)


def test_a_client_that_neither_hears_nor_tries_starves_the_watchdog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: Client) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Client, "_run", hang)

    async def work() -> None:
        appliance, signs = make_appliance(tmp_path, {"connection.fingerprint": "00" * 32}), Signs()
        async with watched(appliance, signs):
            await asyncio.sleep(FOUR_MINUTES)
            assert longest_silence(signs, appliance.clock()) > UNIT_WATCHDOG
            texts = [entry.text for entry in appliance.log.entries()]
            assert "the network hangs: systemd will start this program again" in texts

    in_virtual_time(work)
