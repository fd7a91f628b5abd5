"""The examples, on pins that gpiozero mocks."""

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_edge.events import FacesSeen
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_protocol import Face

EXAMPLES = Path(__file__).parents[2] / "edge" / "examples"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Appliance:
    """As much of one as the example uses."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.log = EventLog()
        self.running = asyncio.Event()
        self.pausing = asyncio.Event()
        self.callback: Any = None

    def subscribe(self, callback: Any) -> None:
        self.callback = callback

    def open_camera(self, preview: Any) -> None:
        assert preview is None
        self.running.set()

    def close_camera(self) -> None:
        self.pausing.set()


async def test_motion_switches_the_camera_and_a_known_face_the_light(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpiozero = pytest.importorskip("gpiozero")
    mock = importlib.import_module("gpiozero.pins.mock")
    factory = mock.MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    example = load("motion_and_light")
    appliance = Appliance()
    sensor, light = gpiozero.MotionSensor(4, queue_len=1), gpiozero.LED(17)
    task = asyncio.create_task(example.MotionAndLight(appliance, sensor, light, 0.05).work())
    await asyncio.sleep(0)
    factory.pin(4).drive_high()
    await appliance.running.wait()
    appliance.callback(FacesSeen((Face("", 0, 0, 1, 1),), 1, (640, 480), 0.0))
    assert not factory.pin(17).state
    appliance.callback(FacesSeen((Face("Ada", 0, 0, 1, 1),), 2, (640, 480), 0.1))
    assert factory.pin(17).state
    while factory.pin(17).state:  # noqa: ASYNC110 - a mocked pin has no event
        await asyncio.sleep(0.005)
    factory.pin(4).drive_low()
    await appliance.pausing.wait()
    appliance.stopping.set()
    await task
    factory.reset()


async def test_the_examples_program_runs_the_real_appliance(
    recogniser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpiozero = pytest.importorskip("gpiozero")
    mock = importlib.import_module("gpiozero.pins.mock")
    factory = mock.MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    example = load("motion_and_light")
    sensor, light = gpiozero.MotionSensor(4, queue_len=1), gpiozero.LED(17)
    async with recogniser:
        options = example.Options(tmp_path, recogniser.access)
        held: list[Any] = []

        async def work(appliance: Any) -> None:
            held.append(appliance)
            await example.MotionAndLight(appliance, sensor, light).work()

        task = asyncio.create_task(example.run(options, work))
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        held[0].leave()
        await task
    factory.reset()
