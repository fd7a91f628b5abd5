"""Keeps settings and log on the memory card: seldom, and never while something else waits."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.eventlog import Entry, EventLog
from iot_facerecognition_edge.logfile import LogFile
from iot_facerecognition_edge.settings import SettingChanged, Settings, SettingsFile

QUIET = 2.0
"""Seconds without a change after which settings are written: a slider gives many changes."""
_KIBI = 1024


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


class LogKeeper:
    """Writes log entries to a file while `log.to_file` is on."""

    def __init__(self, settings: Settings, log: EventLog, path: Path) -> None:
        self._settings = settings
        self._log = log
        self._path = path
        self._file: LogFile | None = None
        self._failed = False
        settings.subscribe(self._changed)
        log.subscribe(self._write)

    def _changed(self, change: SettingChanged) -> None:
        if change.key in {"log.to_file", "log.file_size"}:
            self.close()
            self._failed = False

    def _write(self, entry: Entry) -> None:
        if self._failed or not self._settings.switch("log.to_file"):
            return
        if self._file is None:
            self._file = LogFile(self._path, self._settings.number("log.file_size") * _KIBI)
        try:
            self._file.write(entry)
        except EdgeError as error:
            # Said once; each further entry would fail alike, and tell of it in an entry.
            self._failed = True
            self._log.warning(str(error))

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
