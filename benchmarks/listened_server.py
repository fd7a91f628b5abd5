"""The real server with more listeners of its feed, which come and go while it serves.

`python -m benchmarks.listened_server FILE LISTENERS ARGUMENTS…` is `iot-facerecognition-server
ARGUMENTS…`. For `PHASE_SECONDS` in turn nobody more listens and that many listeners do, each to all
events by a mailbox of its own; when the server ends, FILE gets a JSON list of the phases.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, get_args

from iot_facerecognition_protocol import FrameStatus
from iot_facerecognition_server.assembly import listeners
from iot_facerecognition_server.cli import main
from iot_facerecognition_server.sessions.events import Event, FrameEnded
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.mailbox import Mailbox
from lab.server_process import ServerProcess

PHASE_SECONDS: Final = 1.0
MOST: Final = 1000
"""Events that a mailbox holds."""
EVENTS: Final[tuple[type[Event], ...]] = get_args(Event)


@dataclass(frozen=True, slots=True)
class Phase:
    """What the server did from `begin` to `end` (monotonic seconds) with so many `listeners` more.

    `frames` were processed, by `cpu` seconds of all its threads.
    """

    listeners: int
    begin: float
    end: float
    frames: int
    cpu: float


class ListenedFeed(Feed):
    """A feed whose additional listeners come and go."""

    phases: list[Phase]
    listeners: int

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._frames = 0
        self.listen(FrameEnded, self._ended)
        self._task = asyncio.create_task(self._run())

    def _ended(self, ended: FrameEnded) -> None:
        self._frames += ended.status is FrameStatus.PROCESSED

    async def _run(self) -> None:
        while True:
            self.phases.append(await self._phase(0))
            with ExitStack() as stack:
                names = map(str, range(self.listeners))
                boxes = [stack.enter_context(self.mailbox(n, EVENTS, MOST)) for n in names]
                readers = [asyncio.create_task(read(box)) for box in boxes]
                self.phases.append(await self._phase(self.listeners))
                for reader in readers:
                    reader.cancel()

    async def _phase(self, count: int) -> Phase:
        begin, cpu, frames = time.monotonic(), time.process_time(), self._frames
        await asyncio.sleep(PHASE_SECONDS)
        used = time.process_time() - cpu
        return Phase(count, begin, time.monotonic(), self._frames - frames, used)


async def read(mailbox: Mailbox) -> None:
    """Take what comes, until cancelled."""
    while True:
        await mailbox.take()


class ListenedServer(ServerProcess):
    """Starts the server with `listeners` more; after its end, `phases` tells what it did."""

    listeners = 8

    @property
    def _file(self) -> Path:
        return self.folder / "phases.json"

    def command(self) -> list[str]:
        """Return what starts it."""
        module = "benchmarks.listened_server"
        return [sys.executable, "-m", module, str(self._file), str(self.listeners)]

    def phases(self, begin: float, end: float) -> list[Phase]:
        """Return the phases that lie between two monotonic seconds."""
        found = (Phase(**phase) for phase in json.loads(self._file.read_text()))
        return [phase for phase in found if begin <= phase.begin and phase.end <= end]


def run(file: Path, count: int, serve: Callable[[], int]) -> int:
    """Run the server; write to `file` what it did."""
    ListenedFeed.phases, ListenedFeed.listeners = [], count
    patched: Any = listeners
    patched.Feed = ListenedFeed
    try:
        return serve()
    finally:
        file.write_text(json.dumps([asdict(phase) for phase in ListenedFeed.phases]))


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), int(sys.argv[2]), lambda: main(sys.argv[3:])))
