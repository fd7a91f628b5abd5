"""The walk through all views that makes their pictures."""

import asyncio

import pygame

from iot_facerecognition_edge.events import FacesSeen, ObjectsSeen
from iot_facerecognition_protocol import Face, ObjectLabel
from lab.screenshots import Photographer, Scenes
from tests.edge.fake_appliance import FakeAppliance
from tests.virtual_time import VirtualTimeLoop

VIEWS = {
    "main", "connect", "camera", "camera-unknown", "camera-statistics", "statistics",
    "statistics-objects", "statistics-faces", "statistics-faces-over-time",
    "statistics-prediction", "statistics-traffic-total", "statistics-traffic-rate",
    "statistics-fps", "statistics-history", "logs", "settings", "settings-recognition",
    "settings-camera", "settings-resolution", "settings-display", "settings-device", "pin",
    "calibrate", "camera-settings", "about", "message",
}  # fmt: skip


def test_a_walk_takes_a_picture_of_every_view(tmp_path):
    appliance = FakeAppliance()

    async def camera():
        """See a known face and an unknown one in turns."""
        appliance.run_camera()
        while True:
            for tag in ("Ada", ""):
                now = appliance.now = appliance.clock()
                appliance.take_picture(100)
                faces = (Face(tag, 100, 100, 200, 200),)
                for _ in range(5):
                    appliance.publish(FacesSeen(faces, 1, (640, 480), appliance.clock()))
                    appliance.publish(ObjectsSeen((ObjectLabel("suit", 0.7),), 1, now))
                    await asyncio.sleep(0.1)

    async def walk():
        appliance.clock = asyncio.get_running_loop().time
        appliance.log.information("connected")
        seeing = asyncio.create_task(camera())
        photographer = Photographer(appliance, (480, 320), tmp_path, Scenes(), settle=0.1)
        async with asyncio.timeout(60):
            await photographer.walk()
        seeing.cancel()
        return photographer.taken

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        taken = runner.run(walk())
    assert {path.name.removesuffix(f"-480x320-dark{path.suffix}") for path in taken} == VIEWS
    for path in taken:
        assert pygame.image.load(path).get_size() == (480, 320)
