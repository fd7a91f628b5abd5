# ruff: noqa: INP001 - a program, no part of a package
"""A PIR motion sensor switches the camera, a light shows that somebody known is there.

    python3 motion_and_light.py --pir 4 --led 17 --set connection.address=server.local …

Pictures leave the house only while something moves. Who just wants a pin to follow the faces needs
no program: `iot-facerecognition-edge settings set hooks.pin_known=17`.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpiozero import LED, MotionSensor

from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.assembly import Options, run
from iot_facerecognition_edge.events import Event, FacesSeen
from iot_facerecognition_edge.settings import setting

SHINE = 3.0
"""Seconds that the light stays on after a known face was seen."""


class MotionAndLight:
    """Joins an appliance with a motion sensor and a light."""

    def __init__(self, appliance: Appliance, sensor: Any, light: Any, shine: float = SHINE) -> None:
        self._appliance = appliance
        self._sensor = sensor
        self._light = light
        self._shine = shine
        self._off: asyncio.TimerHandle | None = None

    async def work(self) -> None:
        """Follow the sensor until the appliance ends."""
        loop = asyncio.get_running_loop()
        # gpiozero calls back on a thread of its own; the appliance belongs to the loop's.
        self._sensor.when_motion = lambda: loop.call_soon_threadsafe(self._begin)
        self._sensor.when_no_motion = lambda: loop.call_soon_threadsafe(self._end)
        self._appliance.subscribe(self._look)
        if self._sensor.motion_detected:
            self._begin()
        await self._appliance.stopping.wait()
        self._sensor.close()
        self._light.close()

    def _begin(self) -> None:
        self._appliance.log.information("motion: the camera starts")
        self._appliance.open_camera(None)

    def _end(self) -> None:
        self._appliance.log.information("no motion: the camera stops")
        self._appliance.close_camera()

    def _look(self, event: Event) -> None:
        if isinstance(event, FacesSeen) and any(face.tag for face in event.faces):
            self._light.on()
            if self._off is not None:
                self._off.cancel()
            self._off = asyncio.get_running_loop().call_later(self._shine, self._light.off)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="motion sensor and light for faces")
    parser.add_argument("--pir", type=int, default=4, help="pin of the motion sensor (BCM)")
    parser.add_argument("--led", type=int, default=17, help="pin of the light (BCM)")
    parser.add_argument("--state-dir", type=Path, default=Path.home() / ".motion-and-light")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(arguments)
    overrides = {}
    for change in options.set:
        key, _, text = change.partition("=")
        overrides[key] = setting(key).parse(text)

    async def work(appliance: Appliance) -> None:
        await MotionAndLight(appliance, MotionSensor(options.pir), LED(options.led)).work()

    asyncio.run(run(Options(options.state_dir, overrides), work))


if __name__ == "__main__":
    main()
