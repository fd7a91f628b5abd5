"""All processes of one host, as the kernel's control groups know them.

Each host has groups of its own: two systemds in one group would end each other's services.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.edge_device import DeviceError

_HIERARCHIES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
"""systemd's own and version 2 of a hybrid machine; the only one of a unified machine."""
_PARENT = "iot-facerecognition-hosts"
_PATIENCE = 20.0


class HostProcesses:
    """The groups of one host."""

    def __init__(self, name: str) -> None:
        self._folders = [
            Path(place) / _PARENT / name
            for place in _HIERARCHIES
            if (Path(place) / "cgroup.procs").exists()
        ]

    def open(self) -> list[Path]:
        """Make the groups; return the files that a process joins by writing its id to each."""
        if not self._folders:
            raise DeviceError("control groups are not mounted under /sys/fs/cgroup")
        for folder in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
        return [folder / "cgroup.procs" for folder in self._folders]

    def kill(self) -> None:
        """End all of them at once, until none is left. Raises DeviceError."""
        end = time.monotonic() + _PATIENCE
        while left := self.ids():
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            if time.monotonic() > end:
                raise DeviceError(f"processes of a host do not end: {sorted(left)}")
            time.sleep(0.01)

    def close(self) -> None:
        """Remove the empty groups."""
        for folder in self._folders:
            for inner in sorted(folder.rglob("*/"), reverse=True):
                with suppress(OSError):
                    inner.rmdir()
            with suppress(OSError):
                folder.rmdir()

    def ids(self) -> set[int]:
        """Return the ids of all of them."""
        found = set()
        for folder in self._folders:
            for group in (folder, *folder.rglob("*/")):
                with suppress(OSError):
                    found |= set(map(int, (group / "cgroup.procs").read_text().split()))
        # A process of a namespace that is not ours shows as 0.
        return found - {0}
