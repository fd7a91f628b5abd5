"""Which settings the camera obeyed when it last ran: the form knows it without running one."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import make_folder, write_file

_LARGEST = 100_000
"""Bytes of a file that is read: ten times what sixteen cameras take."""
_FOLDER = 0o750
_MOST = 16


class CameraMemory:
    """Remembers the controls of the cameras last used, each by the settings that name it.

    They are kept in a file that nothing depends on: one that is missing or damaged means that the
    camera is not known yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._controls: dict[str, frozenset[str]] | None = None

    def controls(self, settings: Settings) -> frozenset[str] | None:
        """Return the names of the settings that the camera in `settings` obeyed; None: unknown."""
        return self._known().get(_name(settings))

    async def keep(
        self, settings: Settings, controls: frozenset[str], warned: Callable[[str], object]
    ) -> None:
        """Remember what the camera that runs obeys; written only when it is news."""
        known, name = self._known(), _name(settings)
        if known.get(name) == controls:
            return
        known.pop(name, None)
        known[name] = controls
        while len(known) > _MOST:
            del known[next(iter(known))]
        content = json.dumps({name: sorted(names) for name, names in known.items()}, indent=1)
        try:
            await asyncio.to_thread(self._write, content.encode() + b"\n")
        except OSError as error:
            warned(f"camera: {self._path} cannot be written ({error.strerror}): check the disk")

    def _write(self, content: bytes) -> None:
        make_folder(self._path.parent, _FOLDER)
        write_file(self._path, content)

    def _known(self) -> dict[str, frozenset[str]]:
        if self._controls is None:
            self._controls = _read(self._path)
        return self._controls


def _name(settings: Settings) -> str:
    return f"{settings.text('camera.source')} {settings.number('camera.device_number')}"


def _read(path: Path) -> dict[str, frozenset[str]]:
    try:
        document = json.loads(read_regular(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}  # it is written again when the camera runs
    if not isinstance(document, dict):
        return {}
    return {
        name: frozenset(filter(lambda control: isinstance(control, str), controls))
        for name, controls in document.items()
        if isinstance(controls, list)
    }
