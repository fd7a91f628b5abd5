"""Keeps the log in a file while a setting asks for that."""

from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.log.eventlog import Entry, EventLog
from iot_facerecognition_edge.log.logfile import LogFile
from iot_facerecognition_edge.settings import SettingChanged, Settings
from iot_facerecognition_edge.settings.device import LogSettings

_KIBI = 1024


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
        if change.key in {LogSettings.to_file.key, LogSettings.file_size.key}:
            self.close()
            self._failed = False

    def _write(self, entry: Entry) -> None:
        if self._failed or not self._settings.log.to_file:
            return
        if self._file is None:
            self._file = LogFile(self._path, self._settings.log.file_size * _KIBI)
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
