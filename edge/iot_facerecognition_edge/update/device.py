"""What the appliance says about itself in its runtime folder, and this machine's boot and clock.

The folder belongs to the appliance's user, so nothing in it is trusted further than for what it
says, and nothing in it is followed, waited for or read beyond a bound.
"""

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iot_facerecognition_edge.update.course import MOST_RESTARTS, Facts
from iot_facerecognition_edge.update.debian import Debian, release
from iot_facerecognition_edge.update.journal import Attempt
from iot_facerecognition_edge.update.names import ACKNOWLEDGED, IN_USE, STREAMING
from iot_facerecognition_edge.update.places import UNIT, Places

STALE = 30.0
"""Seconds after which the appliance's word on whether it streams is too old; it is said again every
ten."""
USED_WITHIN = 120.0
"""Seconds after the last touch in which the screen is in use."""
ASK_INTERVAL = 5.0
"""Seconds between two questions to systemd how the service is."""
_LARGEST = 10_000
_BOOT = "proc/sys/kernel/random/boot_id"
_LONGEST = 200


class Device:
    """Looks at the appliance and this machine. Ages of files are by the time of day `wall`."""

    def __init__(
        self,
        places: Places,
        debian: Debian,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._places = places
        self._debian = debian
        self._clock = clock
        self._wall = wall
        self._asked: float | None = None
        self._failure = ""

    @property
    def boot(self) -> str:
        """The id of this boot."""
        try:
            return (self._places.root / _BOOT).read_text().strip()
        except OSError:
            return ""

    def facts(self, attempt: Attempt, *, in_probation: bool) -> Facts:
        """Look at everything that the course of `attempt` depends on."""
        return Facts(
            now=self._clock(),
            boot=self.boot,
            unhealthy=self.unhealthy(),
            failed=self._service_failure() if in_probation else "",
            in_use=self.in_use(),
            acknowledged=self.acknowledged(attempt),
            called_back=self._places.calling_back.exists(),
        )

    def _service_failure(self) -> str:
        """Ask systemd now and then: on a Zero W each time takes a tenth of a second."""
        now = self._clock()
        if self._asked is None or now - self._asked >= ASK_INTERVAL:
            self._asked = now
            self._failure = self._debian.service_failure(MOST_RESTARTS)
        return self._failure

    def unhealthy(self) -> str:
        """Return why the appliance does not stream, empty while it does."""
        found = self._read(STREAMING)
        age = self._age(STREAMING)
        if not isinstance(found, dict) or age is None or age > STALE:
            return f"the appliance does not run (systemctl status {UNIT})"
        if found.get("connected") is not True:
            return "it is not connected to its server"
        rate = found.get("rate")
        if not isinstance(rate, int | float) or not rate > 0:
            camera = str(found.get("camera", "unknown"))[:_LONGEST]
            return f"it gets no results: its camera is {camera!r}"
        return ""

    def in_use(self) -> bool:
        """Return whether somebody has touched the screen in the last minutes."""
        age = self._age(IN_USE)
        return age is not None and age < USED_WITHIN

    def acknowledged(self, attempt: Attempt) -> bool:
        """Return whether the server has acknowledged this very attempt."""
        found = self._read(ACKNOWLEDGED)
        if not isinstance(found, dict):
            return False
        version = str(found.get("version"))
        return found.get("attempt") == attempt.id and release(version) == release(attempt.version)

    def _age(self, name: str) -> float | None:
        """Return the seconds since a file was written, also by a clock that was set since."""
        try:
            return abs(self._wall() - (self._places.runtime / name).lstat().st_mtime)
        except OSError:
            return None

    def _read(self, name: str) -> Any:
        return read_json(self._places.runtime / name)


def read_json(path: Path) -> Any:
    """Return what is in the small regular file `path`, which may be anybody's; None for nothing."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return json.loads(os.read(descriptor, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    finally:
        os.close(descriptor)
