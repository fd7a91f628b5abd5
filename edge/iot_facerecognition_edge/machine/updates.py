"""What appliance and updater tell each other, by files: the updater is a program of its own.

The appliance's are in its runtime folder, which goes when it stops: that it streams, when somebody
touched the screen last, what the server has acknowledged. The updater's is `state.json`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iot_facerecognition_client import FrameEnded
from iot_facerecognition_edge.update.names import ACKNOWLEDGED, IN_USE, STREAMING
from iot_facerecognition_edge.version import UNPACKAGED, version
from iot_facerecognition_protocol import FrameStatus, UpdateAcknowledged, UpdateReport, clean_text
from iot_facerecognition_protocol.rates import RecentRate
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file

RATE_SPAN = 10.0
"""Seconds over which results are counted."""
TOUCH_INTERVAL = 10.0
"""Seconds between two notes of touches; the updater takes two minutes for a pause."""
_LARGEST = 100_000
_LONGEST = 300
_MODE = 0o644


class Updates:
    """Keeps the appliance's files in `folder` and reads the updater's `state`.

    Either may be None, where there is no service or no updater. `warned` is told once when the
    folder takes no file.
    """

    def __init__(
        self, folder: Path | None, state: Path | None, warned: Callable[[str], object]
    ) -> None:
        self._folder = folder
        self._state = state
        self._warned = warned
        self._results = RecentRate(RATE_SPAN)
        self._touched: float | None = None
        self._stamp: tuple[int, int] | None = None
        self._report: UpdateReport | None = None

    @property
    def installed(self) -> str | None:
        """The version on the disk, which the next start would run; None while it is replaced."""
        found = version()
        return None if found == UNPACKAGED else found

    @property
    def report(self) -> UpdateReport | None:
        """The newest update as the updater tells, None where there never was one."""
        return self._report

    def changed(self) -> bool:
        """Read the updater's state if it is another one; return whether it was."""
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        before, self._report = self._report, self._read_report()
        return self._report != before

    def accept(self, event: object, now: float) -> None:
        """Look at an event of the client's: results are counted, acknowledgements passed on."""
        match event:
            case FrameEnded(status=FrameStatus.PROCESSED):
                self._results.count(now)
            case UpdateAcknowledged(acknowledged, attempt):
                self._write(ACKNOWLEDGED, {"version": acknowledged, "attempt": attempt})

    def report_streaming(self, now: float, *, connected: bool, camera: str) -> None:
        """Say whether the appliance streams; to be called every ten seconds."""
        rate = round(self._results.rate(now), 1) if connected else 0.0
        self._write(STREAMING, {"connected": connected, "rate": rate, "camera": camera})

    def touched(self, now: float) -> None:
        """Record that somebody uses the screen."""
        if self._touched is None or now - self._touched >= TOUCH_INTERVAL:
            self._touched = now
            self._write(IN_USE, {})

    def _write(self, name: str, content: dict[str, Any]) -> None:
        if self._folder is None:
            return
        try:
            write_file(self._folder / name, json.dumps(content).encode(), _MODE, durable=False)
        except OSError as error:
            self._warned(
                f"{self._folder} cannot be written ({error.strerror}), so this device cannot be "
                "updated: it has to be the service's RuntimeDirectory"
            )
            self._folder = None

    def _read_stamp(self) -> tuple[int, int] | None:
        if self._state is None:
            return None
        try:
            status = self._state.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _read_report(self) -> UpdateReport | None:
        if self._state is None:
            return None
        try:
            found = json.loads(read_regular(self._state, _LARGEST))
            return UpdateReport(
                version=_text(found["version"]),
                state=_text(found["state"]),
                attempt=_text(found["attempt"]),
                from_version=_text(found.get("from")) or None,
                reason=_text(found.get("reason")) or None,
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # None yet, or in the middle of a crash: the updater writes it again.
            return None


def _text(found: object) -> str:
    return clean_text(found, _LONGEST) if isinstance(found, str) else ""
