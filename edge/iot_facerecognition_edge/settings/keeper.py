"""Keeps the settings on the memory card: seldom, and never while something else waits."""

import asyncio
from collections.abc import Callable

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings.file import SettingsFile
from iot_facerecognition_edge.settings.values import SettingChanged, Settings

QUIET = 2.0
"""Seconds without a change after which settings are written: a slider gives many changes."""


class SettingsKeeper:
    """Writes settings a moment after their last change, off the loop's thread."""

    def __init__(
        self, settings: Settings, file: SettingsFile, warned: Callable[[str], object]
    ) -> None:
        self._settings = settings
        self._file = file
        self._warned = warned
        self._kept = settings.stored()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        settings.subscribe(self._changed)

    def _changed(self, _: SettingChanged) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._write(self._task), name="settings")

    async def _write(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait({before})
        values = self._settings.stored()
        if values == self._kept:
            return
        try:
            await asyncio.to_thread(self._file.save, values)
            self._kept = values
        except EdgeError as error:
            self._warned(str(error))

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._timer is not None:
            self._timer.cancel()
        await self._write(self._task)
