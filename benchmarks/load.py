"""Clients that keep a server busy, in a process of their own.

`python -m benchmarks.load PORT FINGERPRINT TOKEN FRAMES CLIENTS SECONDS` streams the JPEGs of the
folder FRAMES and prints what it counted as JSON. A client sends its next frame when one is answered
(a closed loop, `--outstanding` at a time), or, with `--fps`, at that rate whatever comes back.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks import command
from iot_facerecognition_client import Client, Fingerprint, FrameEnded, ServerAddress
from iot_facerecognition_client.events import FacesResult, ObjectsResult
from iot_facerecognition_protocol import FrameStatus, SessionSettings
from lab.server_process import Access

WARM_UP_SECONDS = 1.5
APART = 5
"""Frames between the places at which clients begin, so that they do not send the same picture."""


@dataclass(slots=True)
class Streamer:
    """One client, and what it counts between `begin` and `end` (monotonic seconds).

    `latencies` are in seconds from the capture of a frame to its result, of faces or objects.
    """

    client: Client
    frames: list[bytes]
    position: int
    begin: float
    end: float
    latencies: list[float] = field(default_factory=list)
    faces: int = 0
    objects: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    """How frames ended: `processed`, or the reason why not."""

    def subscribe(self) -> None:
        """Begin to count."""
        self.client.subscribe(FrameEnded, self._ended)
        self.client.subscribe(FacesResult, self._faces)
        self.client.subscribe(ObjectsResult, self._objects)

    def send(self) -> None:
        """Offer the next frame."""
        self.position += 1
        self.client.send(self.frames[self.position % len(self.frames)])

    @property
    def counts(self) -> bool:
        """Whether what happens now is counted."""
        return self.begin <= time.monotonic() < self.end

    def _ended(self, ended: FrameEnded) -> None:
        if self.counts:
            processed = ended.status is FrameStatus.PROCESSED
            self.ended["processed" if processed else ended.reason or "unknown"] += 1
            if processed and ended.latency is not None:
                self.latencies.append(ended.latency)

    def _faces(self, result: FacesResult) -> None:
        self.faces += len(result.faces) if self.counts else 0

    def _objects(self, _: ObjectsResult) -> None:
        self.objects += self.counts


async def closed_loop(streamer: Streamer, outstanding: int) -> None:
    """Stream until the end; there is always a next frame when one is answered."""
    async with streamer.client as client:
        await client.connected(30)
        streamer.subscribe()
        answered = asyncio.Event()
        client.subscribe(FrameEnded, lambda _: answered.set())
        with suppress(TimeoutError):
            async with asyncio.timeout(streamer.end - time.monotonic()):
                while True:
                    answered.clear()
                    await fill_up(streamer, outstanding)
                    await answered.wait()


async def fill_up(streamer: Streamer, outstanding: int) -> None:
    """Offer frames until as many as asked for wait or are under way."""
    while streamer.client.unanswered < outstanding:
        streamer.send()
        if streamer.client.unanswered < outstanding:
            # The client keeps only the newest frame: a second one waits until the first is out.
            await asyncio.sleep(0.002)


async def open_loop(streamer: Streamer, fps: float, offset: float) -> None:
    """Offer `fps` frames a second until the end, as a camera does; begin `offset` seconds late."""
    async with streamer.client as client:
        await client.connected(30)
        streamer.subscribe()
        due = time.monotonic() + offset
        while due < streamer.end:
            await asyncio.sleep(due - time.monotonic())
            streamer.send()
            due += 1 / fps
        streamer.ended["replaced at the client"] = client.statistics().replaced


async def load(access: Access, options: argparse.Namespace) -> dict[str, object]:
    """Return what all clients counted: latencies in order, frames of each client, and ends."""
    frames = [path.read_bytes() for path in sorted(options.frames.glob("*.jpg"))]
    begin = time.monotonic() + WARM_UP_SECONDS
    window: int | Literal["auto"] = options.outstanding
    if options.fps:
        window = options.window or "auto"
    streamers = [
        Streamer(
            Client(
                ServerAddress(options.host, access.port),
                trust=Fingerprint(access.fingerprint),
                token=access.token,
                settings=SessionSettings(
                    name=f"load-{number}",
                    object_recognition=options.objects or options.all,
                    face_recognition=not options.objects,
                    deterministic_objects=options.objects,
                ),
                window=window,
            ),
            frames,
            number * APART,
            begin,
            begin + options.seconds,
        )
        for number in range(options.clients)
    ]
    if options.fps:
        running = [
            open_loop(one, options.fps, number / options.clients / options.fps)
            for number, one in enumerate(streamers)
        ]
    else:
        running = [closed_loop(one, options.outstanding) for one in streamers]
    cpu = time.process_time()
    await asyncio.gather(*running)
    return {
        "latencies": sorted(latency for one in streamers for latency in one.latencies),
        "counts": [len(one.latencies) for one in streamers],
        "faces": sum(one.faces for one in streamers),
        "objects": sum(one.objects for one in streamers),
        "ended": sum((one.ended for one in streamers), Counter()),
        "begin": begin,
        "end": begin + options.seconds,
        "client_cpu_seconds": time.process_time() - cpu,
    }


def main() -> None:
    """Run the load of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("fingerprint")
    parser.add_argument("token")
    parser.add_argument("frames", type=Path, help="folder of JPEGs")
    parser.add_argument("clients", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--outstanding", type=int, default=2)
    parser.add_argument("--fps", type=float, default=0.0)
    parser.add_argument("--window", type=int, help="frames under way with --fps (the server's)")
    parser.add_argument("--host", default="127.0.0.1")
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--objects", action="store_true", help="objects instead of faces")
    wanted.add_argument("--all", action="store_true", help="faces and objects")
    options = parser.parse_args()
    access = Access(options.port, options.token, options.fingerprint)
    print(json.dumps(asyncio.run(load(access, options))))


if __name__ == "__main__":
    command.run(main)
