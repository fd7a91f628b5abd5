"""The real server with one timer more on its event loop, which writes down how late it is.

`python -m benchmarks.probed_server FILE ARGUMENTS…` is `iot-facerecognition-server ARGUMENTS…`. A
timer on its event loop comes back every 5 ms; when the server ends, FILE gets a JSON list of pairs:
monotonic seconds, and by how many seconds the timer came too late.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

from iot_facerecognition_server.cli import main
from lab.server_process import ServerProcess

PERIOD_SECONDS: Final = 0.005


class StallProbe:
    """Comes back every `PERIOD_SECONDS`; what it is late by, everyone on the loop is."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.late: list[tuple[float, float]] = []
        self._loop = loop
        loop.call_soon(self._plan)

    def _plan(self) -> None:
        due = self._loop.time() + PERIOD_SECONDS
        self._loop.call_at(due, self._come, due)

    def _come(self, due: float) -> None:
        now = self._loop.time()
        self.late.append((now, now - due))
        self._plan()


class ProbedLoops(asyncio.DefaultEventLoopPolicy):
    """Gives every event loop a probe."""

    def __init__(self) -> None:
        super().__init__()
        self.probes: list[StallProbe] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return asyncio's own loop, probed."""
        loop = super().new_event_loop()
        self.probes.append(StallProbe(loop))
        return loop


class ProbedServer(ServerProcess):
    """Starts the server with the probe; after its end, `stalls` tells what the probe saw."""

    @property
    def _file(self) -> Path:
        return self.folder / "stalls.json"

    def command(self) -> list[str]:
        """Return what starts it."""
        return [sys.executable, "-m", "benchmarks.probed_server", str(self._file)]

    def stalls(self, begin: float, end: float) -> list[float]:
        """Return how late the loop was between two monotonic seconds, the least first."""
        pairs = json.loads(self._file.read_text())
        return sorted(late for at, late in pairs if begin <= at < end)


def run(file: Path, arguments: list[str]) -> int:
    """Run the server's command line; write to `file` what the probes saw."""
    policy = ProbedLoops()
    asyncio.set_event_loop_policy(policy)
    try:
        return main(arguments)
    finally:
        file.write_text(json.dumps([pair for probe in policy.probes for pair in probe.late]))


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
