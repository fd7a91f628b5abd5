"""Which settings the camera obeyed when it last ran: the form knows it without running one."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iot_facerecognition_edge.cameras.sizes import Size
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol.records import dataclass
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import make_folder, write_file

_LARGEST = 100_000
"""Bytes of a file that is read: five times what sixteen cameras take."""
_FOLDER = 0o750
_MOST = 16
_CONTROLS, _SIZES = "controls", "sizes"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The names of the settings that a camera obeys, and the pixel sizes that it offers."""

    controls: frozenset[str]
    sizes: tuple[Size, ...] = ()


class CameraMemory:
    """Remembers what the cameras last used can do, each by the settings that name it.

    That is kept in a file that nothing depends on: one that is missing or damaged means that the
    camera is not known yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cameras: dict[str, Remembered] | None = None

    def controls(self, settings: Settings) -> frozenset[str] | None:
        """Return the names of the settings that the camera in `settings` obeyed; None: unknown."""
        known = self._known().get(_name(settings))
        return None if known is None else known.controls

    def sizes(self, settings: Settings) -> tuple[Size, ...]:
        """Return the pixel sizes that the camera in `settings` offered; none where unknown."""
        known = self._known().get(_name(settings))
        return () if known is None else known.sizes

    async def keep(
        self,
        settings: Settings,
        controls: frozenset[str],
        warned: Callable[[str], object],
        sizes: tuple[Size, ...] = (),
    ) -> None:
        """Remember what the camera that runs can do; written only when it is news."""
        known, name = self._known(), _name(settings)
        news = Remembered(controls, sizes)
        if known.get(name) == news:
            return
        known.pop(name, None)
        known[name] = news
        while len(known) > _MOST:
            del known[next(iter(known))]
        document = {
            name: {_CONTROLS: sorted(camera.controls), _SIZES: camera.sizes}
            for name, camera in known.items()
        }
        try:
            await asyncio.to_thread(self._write, json.dumps(document, indent=1).encode() + b"\n")
        except OSError as error:
            warned(f"camera: {self._path} cannot be written ({error.strerror}): check the disk")

    def _write(self, content: bytes) -> None:
        make_folder(self._path.parent, _FOLDER)
        write_file(self._path, content)

    def _known(self) -> dict[str, Remembered]:
        if self._cameras is None:
            self._cameras = _read(self._path)
        return self._cameras


def _name(settings: Settings) -> str:
    return f"{settings.camera.source} {settings.camera.device_number}"


def _read(path: Path) -> dict[str, Remembered]:
    try:
        document = json.loads(read_regular(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}  # it is written again when the camera runs
    if not isinstance(document, dict):
        return {}
    cameras = ((name, _remembered(entry)) for name, entry in document.items())
    return {name: camera for name, camera in cameras if camera is not None}


def _remembered(entry: Any) -> Remembered | None:
    """Return what an entry of the file says; earlier versions kept a list of the controls only."""
    if isinstance(entry, list):
        entry = {_CONTROLS: entry, _SIZES: []}
    if not isinstance(entry, dict):
        return None
    controls, sizes = entry.get(_CONTROLS), entry.get(_SIZES)
    if not isinstance(controls, list) or not isinstance(sizes, list):
        return None
    return Remembered(
        frozenset(name for name in controls if isinstance(name, str)),
        tuple((size[0], size[1]) for size in sizes if _is_size(size)),
    )


def _is_size(entry: Any) -> bool:
    return isinstance(entry, list) and [type(side) for side in entry] == [int, int]
