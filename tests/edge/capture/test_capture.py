"""The camera as it is wanted: started, stopped, started again when it fails."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras import Capabilities, Picture
from iot_facerecognition_edge.cameras.interface import Arrived, Failed, PreviewPlane
from iot_facerecognition_edge.cameras.slot import Slot
from iot_facerecognition_edge.capture import capture as capture_module
from iot_facerecognition_edge.capture.capture import Capture
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol import CameraState


class FakeCamera:
    """A camera whose driver blocks, fails and delivers from its own threads as told."""

    def __init__(self) -> None:
        self.slot = Slot()
        self.capabilities = Capabilities("fake", (640, 480), 15.0)
        self.plane: PreviewPlane | None = None
        self.starts: list[tuple[int, int] | None] = []
        self.running = False
        self.refuse: str | None = None
        self.at_start: bytes | None = None
        self.release = threading.Event()
        self.release.set()
        self.arrived: Callable[[], None]
        self.failed: Callable[[str], None]

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        assert not self.running
        assert threading.current_thread() is not threading.main_thread()
        self.release.wait()
        self.starts.append(preview)
        if self.refuse is not None:
            raise CameraError(self.refuse)
        self.arrived, self.failed = arrived, failed
        self.running = True
        if self.at_start is not None:
            self.slot.put(self.at_start, 1.0)
            arrived()
            self.capabilities = Capabilities("fake", (480, 640), 15.0, turn=90)

    def stop(self) -> None:
        self.running = False
        self.slot.clear()

    def newest(self) -> Picture | None:
        return self.slot.pop()

    def preview(self) -> None:
        return None

    def apply(self, settings: Settings) -> tuple[str, ...]:
        return ("camera.rotation does nothing",)

    def expose(self, *jpegs: bytes) -> None:
        """Deliver from a thread of the camera's; only the last one finds the reader awake."""

        def work() -> None:
            for jpeg in jpegs:
                self.slot.put(jpeg, 1.0)
            self.arrived()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()


class Bench:
    """A capture with its camera, and what it tells."""

    def __init__(self) -> None:
        self.camera = FakeCamera()
        self.now = 0.0
        self.statuses: list[CameraStatus] = []
        self.pictures: list[Picture] = []
        self.warnings: list[str] = []
        self.moves = 0
        self.capture = Capture(
            lambda: self.camera,
            lambda camera: camera.apply(Settings()),
            deliver=self.pictures.append,
            changed=self.statuses.append,
            warned=self.warnings.append,
            moved=self._moved,
            clock=lambda: self.now,
        )

    def _moved(self) -> None:
        self.moves += 1

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until `condition` holds."""
        while not condition():  # noqa: ASYNC110 - what a camera's thread does sets no event
            await asyncio.sleep(0.001)

    async def in_state(self, state: CameraState) -> None:
        await self.until(lambda: self.capture.status.state is state)


@asynccontextmanager
async def running() -> AsyncIterator[Bench]:
    bench = Bench()
    task = asyncio.create_task(bench.capture.run())
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert not bench.camera.running


async def test_the_camera_runs_only_while_it_is_wanted() -> None:
    async with running() as bench:
        await asyncio.sleep(0)
        assert bench.camera.starts == []
        bench.capture.want((320, 240))
        await bench.in_state(CameraState.RUNNING)
        assert bench.camera.starts == [(320, 240)]
        assert bench.capture.scene.size == (640, 480)
        bench.capture.release()
        await bench.in_state(CameraState.OFF)
        assert not bench.camera.running
    states = [status.state for status in bench.statuses]
    assert states[:3] == [CameraState.STARTING, CameraState.RUNNING, CameraState.OFF]


async def test_state_is_off_only_while_nobody_wants_the_camera() -> None:
    async with running() as bench:
        await asyncio.sleep(0)
        states = [bench.capture.state]
        bench.capture.want(None)
        states.append(bench.capture.state)
        await bench.in_state(CameraState.RUNNING)
        bench.camera.failed("no cable")
        await bench.in_state(CameraState.FAILED)
        states.append(bench.capture.state)
        bench.capture.release()
        states.append(bench.capture.state)
    assert states == [
        CameraState.OFF,
        CameraState.STARTING,
        CameraState.FAILED,
        CameraState.OFF,
    ]


async def test_pictures_are_delivered_on_the_loop_and_gaps_are_counted() -> None:
    async with running() as bench:
        bench.capture.want(None)
        await bench.in_state(CameraState.RUNNING)
        bench.camera.expose(b"1")
        await bench.until(lambda: len(bench.pictures) == 1)
        bench.camera.expose(b"2", b"3", b"4")
        await bench.until(lambda: len(bench.pictures) == 2)
    assert [picture.jpeg for picture in bench.pictures] == [b"1", b"4"]
    assert bench.capture.missed == 2
    assert bench.moves >= 4


async def test_a_picture_taken_while_the_camera_starts_waits_until_its_scene_is_known() -> None:
    scenes: list[Scene] = []
    async with running() as bench:
        bench.camera.at_start = b"1"
        bench.capture._deliver = lambda _: scenes.append(bench.capture.scene)
        bench.capture.want(None)
        await bench.until(lambda: bool(scenes))
    assert scenes == [Scene(0, (480, 640), 90)]
    assert bench.capture.missed == 0


async def test_what_a_camera_cannot_do_is_said_when_it_starts() -> None:
    async with running() as bench:
        bench.capture.want(None)
        await bench.in_state(CameraState.RUNNING)
        assert bench.warnings == ["camera.rotation does nothing"]


async def test_a_camera_that_does_not_start_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture_module, "_FIRST_PAUSE", 0.01)
    async with running() as bench:
        bench.camera.refuse = "camera: another program is using it"
        bench.capture.want(None)
        await bench.in_state(CameraState.FAILED)
        assert bench.capture.status.text == "camera: another program is using it"
        await bench.until(lambda: len(bench.camera.starts) >= 3)
        bench.camera.refuse = None
        await bench.in_state(CameraState.RUNNING)


async def test_a_camera_that_fails_while_running_is_started_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture_module, "_FIRST_PAUSE", 0.01)
    async with running() as bench:
        bench.capture.want(None)
        await bench.in_state(CameraState.RUNNING)
        bench.camera.failed("camera: /dev/video0 was lost")
        await bench.until(lambda: len(bench.camera.starts) == 2)
        await bench.in_state(CameraState.RUNNING)
    assert CameraState.FAILED in [status.state for status in bench.statuses]


async def test_a_silent_camera_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_module, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(capture_module, "_LOOK", 0.01)
    async with running() as bench:
        bench.capture.want(None)
        await bench.in_state(CameraState.RUNNING)
        bench.now = 11.0
        await bench.until(lambda: len(bench.camera.starts) == 2)
    texts = [status.text for status in bench.statuses if status.state is CameraState.FAILED]
    assert texts == ["camera: no picture for 10 seconds"]


async def test_giving_up_a_failed_camera_turns_it_off() -> None:
    async with running() as bench:
        bench.camera.refuse = "camera: none"
        bench.capture.want(None)
        await bench.in_state(CameraState.FAILED)
        bench.capture.release()
        await bench.in_state(CameraState.OFF)
        assert len(bench.camera.starts) == 1


async def test_a_change_of_mind_during_a_slow_start_is_followed_afterwards() -> None:
    async with running() as bench:
        bench.camera.release.clear()
        bench.capture.want(None)
        await bench.in_state(CameraState.STARTING)
        bench.capture.release()
        bench.capture.want((160, 120))
        bench.camera.release.set()
        await bench.until(lambda: bench.camera.starts == [None, (160, 120)])
        await bench.in_state(CameraState.RUNNING)


async def test_ending_during_a_slow_start_leaves_the_camera_off() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.capture.run())
    bench.camera.release.clear()
    bench.capture.want(None)
    await bench.in_state(CameraState.STARTING)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done(), "it waits for the driver, which nobody can interrupt"
    bench.camera.release.set()
    await asyncio.wait({task})
    assert bench.camera.starts == [None]
    assert not bench.camera.running
