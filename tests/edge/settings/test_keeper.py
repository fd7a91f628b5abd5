"""When settings are written to the memory card, and what happens when they cannot be."""

import asyncio
import threading
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings import Settings, SettingsFile, Value
from iot_facerecognition_edge.settings.keeper import QUIET, SettingsKeeper
from tests.virtual_time import in_virtual_time


class WatchedFile(SettingsFile):
    """The real file; tells when it is written, and can be made to fail or to wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.saved: list[dict[str, Value]] = []
        self.threads: list[threading.Thread] = []
        self.go = threading.Event()
        self.go.set()
        self.full = False
        self.begun = asyncio.Event()
        self.written: asyncio.Queue[None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def save(self, values: dict[str, Value]) -> None:
        self.threads.append(threading.current_thread())
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.go.wait(30)
        if self.full:
            raise EdgeError("settings: the disk is full")
        super().save(values)
        self.saved.append(values)
        self._loop.call_soon_threadsafe(self.written.put_nowait, None)


class Bench:
    """Settings with their keeper and file."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings()
        self.file = WatchedFile(folder / "settings.json")
        self.warnings: asyncio.Queue[str] = asyncio.Queue()
        self.keeper = SettingsKeeper(self.settings, self.file, self.warnings.put_nowait)


def test_settings_are_written_once_when_a_slider_has_come_to_rest(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path)
        for fps in range(5, 10):
            bench.settings.set("camera.fps", fps)
            await asyncio.sleep(QUIET * 0.9)
        assert bench.file.threads == [], "it has not been quiet for long enough yet"
        await bench.file.written.get()
        assert bench.file.saved == [{"camera.fps": 9}]
        assert bench.file.load().values == {"camera.fps": 9}
        await bench.keeper.close()
        assert len(bench.file.threads) == 1, "what is written already is not written again"
        assert threading.main_thread() not in bench.file.threads, "the loop never waits for a card"

    in_virtual_time(scenario)


def test_a_change_that_was_taken_back_is_not_written(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path)
        bench.settings.set("camera.fps", 9)
        bench.settings.reset("camera.fps")
        await asyncio.sleep(10 * QUIET)
        await bench.keeper.close()
        assert bench.file.threads == []

    in_virtual_time(scenario)


def test_the_end_writes_at_once_what_is_not_written_yet(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path)
        bench.settings.set("camera.fps", 9)
        await bench.keeper.close()
        assert bench.file.saved == [{"camera.fps": 9}]
        assert asyncio.get_running_loop().time() < QUIET

    in_virtual_time(scenario)


async def test_a_change_during_a_slow_write_is_written_after_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.file.go.clear()
    bench.settings.set("camera.fps", 9)
    bench.keeper._begin()
    await bench.file.begun.wait()
    bench.settings.set("camera.fps", 10)
    closing = asyncio.create_task(bench.keeper.close())
    await asyncio.sleep(0)
    assert len(bench.file.threads) == 1, "two never write at once"
    bench.file.go.set()
    await closing
    assert bench.file.saved == [{"camera.fps": 9}, {"camera.fps": 10}]


def test_a_card_that_is_full_is_reported_and_tried_again_at_the_next_change(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path)
        bench.file.full = True
        bench.settings.set("camera.fps", 9)
        assert await bench.warnings.get() == "settings: the disk is full"
        bench.file.full = False
        bench.settings.set("camera.width", 640)
        await bench.file.written.get()
        assert bench.file.saved == [{"camera.fps": 9, "camera.width": 640}]

    in_virtual_time(scenario)
