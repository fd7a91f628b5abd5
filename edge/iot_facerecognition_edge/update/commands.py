"""Programs of the system, each run without a shell, within a time limit, and killed after it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from iot_facerecognition_edge.update.errors import UpdateError

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {
    "PATH": _PATH,
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    # Nobody is there to answer.
    "DEBIAN_FRONTEND": "noninteractive",
    "APT_LISTCHANGES_FRONTEND": "none",
    "NEEDRESTART_SUSPEND": "1",
}
_LOGGED = {"apt-get", "dpkg"}
"""Programs that change the device: what they say is logged. Of others only a failure is."""
_POLL = 0.2
_MOST_OUTPUT = 256 * 1024
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: its exit `code` (negative: the signal), and what it printed."""

    words: tuple[str, ...]
    code: int
    output: str

    @property
    def problem(self) -> str:
        """What went wrong in one line, empty when nothing did."""
        if not self.code:
            return ""
        words = _reason_in(self.output)[:_LONGEST_REASON]
        how = f"status {self.code}"
        if self.code < 0:
            how = f"signal {signal.Signals(-self.code).name}"
        return f"{self.words[0]} ended with {how}" + (f" ({words})" if words else "")


def _reason_in(output: str) -> str:
    """Return the line of `output` that says most: dpkg's own, apt's last complaint, or the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line, following in pairwise([*lines, ""]):
        if line.startswith("dpkg: error"):
            return f"{line} {following}" if line.endswith(":") else line
    complaints = [line for line in lines if line.lower().startswith(("e:", "error"))]
    return (complaints or lines or [""])[-1]


class Runner(Protocol):
    """Who runs programs."""

    def __call__(
        self, *words: str, limit: float = 60.0, folder: Path | None = None, given: str = ""
    ) -> Done:
        """Run a program of the system in `folder`, with `given` as its input."""


class SystemRunner:
    """Runs programs of this machine.

    `alive` is called several times a second while one runs, `log` with what changed the device, and
    with what failed.
    """

    def __init__(
        self, log: Callable[[str], None], alive: Callable[[], None] = lambda: None
    ) -> None:
        self._log = log
        self._alive = alive

    def __call__(
        self, *words: str, limit: float = 60.0, folder: Path | None = None, given: str = ""
    ) -> Done:
        """Run `words`; after `limit` seconds they and what they started are killed.

        Raises UpdateError where there is no such program.
        """
        program = shutil.which(words[0], path=_PATH)
        if program is None:
            raise UpdateError(f"there is no {words[0]} on this system: install the package with it")
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output:
            source.write(given.encode())
            source.seek(0)
            process = subprocess.Popen(  # noqa: S603 - no shell, and words of this program
                [program, *words[1:]],
                stdin=source,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
            in_time = self._wait(process, limit)
            # What a killed apt leaves running would hold dpkg's lock.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            output.seek(0)
            text = output.read(_MOST_OUTPUT).decode(errors="replace")
        if not in_time:
            text += f"\nerror: it took longer than {limit:.0f} s and was killed"
        done = Done(words, code, text)
        if code or words[0] in _LOGGED:
            self._log(f"{' '.join(words)}: {done.problem or 'done'}\n{text}".rstrip())
        return done

    def _wait(self, process: "subprocess.Popen[bytes]", limit: float) -> bool:
        """Wait for the end of `process`; return whether it came within `limit` seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            self._alive()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL)
                return True
        return False
