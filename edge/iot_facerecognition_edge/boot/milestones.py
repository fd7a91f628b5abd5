"""When this start first got somewhere, in a file for `iot-facerecognition-boot-time`."""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from iot_facerecognition_client import State
from iot_facerecognition_edge.events import (
    CameraChanged,
    ConnectionChanged,
    Event,
    FacesSeen,
    FirstPicture,
    ObjectsSeen,
)
from iot_facerecognition_protocol import CameraState

FILE_NAME = "milestones.json"


class Milestone(StrEnum):
    """What a start leads to, each counted once."""

    READY = "ready"
    """The program runs: everything is imported and built."""
    CAMERA = "camera"
    """The camera's driver has started."""
    PICTURE = "picture"
    """The camera has given a picture."""
    CONNECTED = "connected"
    """The server has accepted this client."""
    RESULT = "result"
    """The server has answered a frame."""


class Milestones:
    """Keeps the monotonic time in seconds, which counts from the boot, of each first `Milestone`.

    `file` is rewritten at each of them, five times at most; None where nobody would read it.
    """

    def __init__(
        self, file: Path | None, clock: Callable[[], float], warned: Callable[[str], object]
    ) -> None:
        self._file = file
        self._clock = clock
        self._warned = warned
        self._reached: dict[Milestone, float] = {}

    def accept(self, event: Event) -> None:
        """Look at an event of the appliance's."""
        match event:
            case FacesSeen() | ObjectsSeen():
                self.reach(Milestone.RESULT)
            case FirstPicture():
                self.reach(Milestone.PICTURE)
            case CameraChanged(status) if status.state is CameraState.RUNNING:
                self.reach(Milestone.CAMERA)
            case ConnectionChanged(to) if to.state is State.CONNECTED:
                self.reach(Milestone.CONNECTED)
            case _:
                pass

    def reach(self, milestone: Milestone) -> None:
        """Keep the time of `milestone`, if it is the first one."""
        if milestone in self._reached:
            return
        self._reached[milestone] = round(self._clock(), 3)
        if self._file is None:
            return
        try:
            self._file.write_text(json.dumps(self._reached))
        except OSError as error:
            self._file = None
            self._warned(f"start times cannot be kept ({error}); boot-time will not show them")


def runtime_directory(environment: Mapping[str, str]) -> Path | None:
    """Return the service's runtime directory, None without one."""
    folder = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(folder) if folder else None


def milestones_file(environment: Mapping[str, str]) -> Path | None:
    """Return the file in the service's runtime directory, None without one."""
    folder = runtime_directory(environment)
    return folder / FILE_NAME if folder else None
