"""Whether the clock can be trusted yet, and how long that is waited for."""

import asyncio
from pathlib import Path

from iot_facerecognition_edge.connection.timekeeping import LONGEST_WAIT, Timekeeper
from tests.virtual_time import in_virtual_time


def test_a_clock_chip_is_trusted(tmp_path: Path) -> None:
    assert not Timekeeper(tmp_path).is_set()
    (tmp_path / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert Timekeeper(tmp_path).is_set()


def test_the_wait_ends_soon_after_the_time_was_synchronised(tmp_path: Path) -> None:
    synchronised = tmp_path / "run/systemd/timesync/synchronized"
    synchronised.parent.mkdir(parents=True)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(12.3, synchronised.touch)
        assert await Timekeeper(tmp_path).wait()
        assert 12.3 <= loop.time() < 13.0

    in_virtual_time(scenario)


def test_the_wait_is_bounded(tmp_path: Path) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        assert not await Timekeeper(tmp_path).wait()
        assert LONGEST_WAIT <= loop.time() < LONGEST_WAIT + 1.0

    in_virtual_time(scenario)
