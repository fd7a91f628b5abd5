"""Two edges that stream real faces through every attack, and what they notice.

`python -m benchmarks.attack.victims PORT FINGERPRINT TOKEN TOKEN` prints a line of JSON for every
result and every frame that was not processed, until it is asked to end.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from benchmarks import command
from benchmarks.streaming import percentile
from iot_facerecognition_client import (
    Client,
    Fingerprint,
    FrameEnded,
    ServerAddress,
    State,
    Status,
)
from iot_facerecognition_client.events import FacesResult
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_protocol import FrameStatus, SessionSettings
from lab.cast import ON_PHOTO
from lab.photos import fetch_photos
from lab.server_process import Access

FPS: Final = 10.0
SIZE: Final = (640, 480)
FRAMES: Final = 40
PHOTOS: Final = ("obama2.jpg", "hanks.png")
"""Somebody known, and somebody who has to stay unknown."""
LOST: Final = "lost"
_END_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Notice:
    """What one victim noticed at a monotonic second.

    Of a result: `latency` in seconds, and whether its faces were `named`, `wrong` or `unnamed`; of
    a frame that came to nothing: the `reason`, or `LOST` for the connection.
    """

    at: float
    latency: float = 0.0
    named: int = 0
    wrong: int = 0
    unnamed: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """The notices of so many seconds."""

    notices: Sequence[Notice]
    seconds: float

    def __add__(self, other: "Noticed") -> "Noticed":
        """Return both together."""
        return Noticed([*self.notices, *other.notices], self.seconds + other.seconds)

    @property
    def p95(self) -> float:
        """Milliseconds in which 95 % of the results came."""
        latencies = sorted(notice.latency for notice in self.notices if not notice.reason)
        return percentile(latencies, 0.95) * 1e3

    @property
    def results(self) -> int:
        """Results that came."""
        return sum(not notice.reason for notice in self.notices)

    @property
    def rate(self) -> float:
        """Results a second."""
        return self.results / self.seconds

    @property
    def wrong(self) -> int:
        """Faces that carried the name of somebody else."""
        return sum(notice.wrong for notice in self.notices)

    @property
    def named(self) -> int:
        """Faces of known people that carried their name."""
        return sum(notice.named for notice in self.notices)

    @property
    def lost(self) -> int:
        """How often a victim lost its connection, or could not get it back."""
        return sum(notice.reason == LOST for notice in self.notices)


class Victims:
    """The victims' process; a context manager that ends it."""

    def __init__(self, access: Access, tokens: Sequence[str]) -> None:
        self._command = [
            *(sys.executable, "-m", "benchmarks.attack.victims"),
            *(str(access.port), access.fingerprint, *tokens),
        ]
        self._notices: list[Notice] = []
        self._process: subprocess.Popen[str]
        self._reader: threading.Thread

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()  # SIGINT is ignored by what a background shell has started
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.wait()
        self._reader.join()

    def between(self, begin: float, end: float) -> Noticed:
        """Return what was noticed between two monotonic seconds."""
        return Noticed([one for one in self._notices if begin <= one.at < end], end - begin)

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self._notices.append(Notice(**json.loads(line)))


async def stream(client: Client, frames: Sequence[bytes], expected: str, offset: float) -> None:
    """Offer `FPS` frames a second until cancelled and print what comes of them."""

    def faces_came(result: FacesResult) -> None:
        tags = [face.tag for face in result.faces]
        _print(
            Notice(
                time.monotonic(),
                result.latency or 0.0,
                named=sum(bool(tag) and tag == expected for tag in tags),
                wrong=sum(bool(tag) and tag != expected for tag in tags),
                unnamed=sum(not tag for tag in tags),
            )
        )

    def frame_ended(ended: FrameEnded) -> None:
        if ended.status is not FrameStatus.PROCESSED:
            _print(Notice(time.monotonic(), reason=ended.reason or str(ended.status)))

    def status_changed(status: Status) -> None:
        if status.state in {State.RETRYING, State.REFUSED, State.DISCONNECTED}:
            _print(Notice(time.monotonic(), reason=LOST))

    client.subscribe(FacesResult, faces_came)
    client.subscribe(FrameEnded, frame_ended)
    client.subscribe(Status, status_changed)
    due = time.monotonic() + offset
    number = 0
    while True:
        await asyncio.sleep(due - time.monotonic())
        client.send(frames[number % len(frames)])
        number += 1
        due += 1 / FPS


def frames_of(photo: Path) -> list[bytes]:
    """Return JPEGs of a camera that moves over `photo`, forth and back."""
    source = MovingPhoto([photo], size=SIZE, fps=FPS, closest=0.8)
    forth = [source.jpeg(number) for number in range(FRAMES // 2)]
    return forth + forth[::-1]


async def run(access: Access, tokens: Sequence[str]) -> None:
    """Stream until cancelled."""
    folder = fetch_photos()
    async with asyncio.TaskGroup() as group:
        for number, (photo, token) in enumerate(zip(PHOTOS, tokens, strict=True)):
            client = Client(
                ServerAddress("127.0.0.1", access.port),
                trust=Fingerprint(access.fingerprint),
                token=token,
                settings=SessionSettings(name=f"victim-{number}", object_recognition=False),
            )
            client.start()
            await client.connected(30)
            frames = frames_of(folder / photo)
            group.create_task(stream(client, frames, ON_PHOTO[photo], number / 2 / FPS))


def _print(notice: Notice) -> None:
    sys.stdout.write(f"{json.dumps(asdict(notice))}\n")  # in one go, or a line may have no end
    sys.stdout.flush()


def main() -> None:
    """Run the victims of the command line."""
    port, fingerprint, *tokens = sys.argv[1:]
    with suppress(KeyboardInterrupt):  # how its parent ends it
        asyncio.run(run(Access(int(port), None, fingerprint), tokens))


if __name__ == "__main__":
    command.run(main)
