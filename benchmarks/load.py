"""Clients that keep a server busy, in a process of their own.

`python -m benchmarks.load PORT FINGERPRINT TOKEN FRAMES CLIENTS OUTSTANDING SECONDS` streams the
JPEGs of the folder FRAMES in a closed loop (a client sends its next frame when one is answered) and
prints what it counted as JSON.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from demo.server_process import Access
from iot_facerecognition_client import Client, Fingerprint, FrameEnded, ServerAddress
from iot_facerecognition_protocol import FrameStatus, SessionSettings

WARM_UP_SECONDS = 1.5


@dataclass(slots=True)
class ClosedLoop:
    """One client that always has a frame; counts what is answered between `begin` and `end`."""

    client: Client
    frames: list[bytes]
    position: int
    outstanding: int
    begin: float
    end: float
    latencies: list[float] = field(default_factory=list)
    lost: int = 0

    async def run(self) -> None:
        """Stream until the end."""
        async with self.client:
            await self.client.connected(30)
            self.client.subscribe(FrameEnded, self._answered)
            self._send()
            await asyncio.sleep(self.end - time.monotonic())

    def _send(self) -> None:
        self.position += 1
        self.client.send(self.frames[self.position % len(self.frames)])

    def _answered(self, ended: FrameEnded) -> None:
        if self.begin <= time.monotonic() < self.end:
            if ended.status is FrameStatus.PROCESSED and ended.latency is not None:
                self.latencies.append(ended.latency)
            else:
                self.lost += 1
        # Until the settings are agreed on, the newest frame replaces the ones before: fill up here.
        for _ in range(self.outstanding - self.client.unanswered):
            self._send()


async def load(
    access: Access, frames: list[bytes], clients: int, outstanding: int, seconds: float
) -> dict[str, object]:
    """Return frames a second, latencies and the count of each client."""
    begin = time.monotonic() + WARM_UP_SECONDS
    loops = [
        ClosedLoop(
            Client(
                ServerAddress("127.0.0.1", access.port),
                trust=Fingerprint(access.fingerprint),
                token=access.token,
                settings=SessionSettings(name=f"load-{number}", object_recognition=False),
                window=max(outstanding, 1),
            ),
            frames,
            number * 5,
            outstanding,
            begin,
            begin + seconds,
        )
        for number in range(clients)
    ]
    cpu = time.process_time()
    await asyncio.gather(*(loop.run() for loop in loops))
    return {
        "rate": sum(len(loop.latencies) for loop in loops) / seconds,
        "latencies": sorted(latency for loop in loops for latency in loop.latencies),
        "counts": [len(loop.latencies) for loop in loops],
        "lost": sum(loop.lost for loop in loops),
        "client_cpu_seconds": time.process_time() - cpu,
    }


def main() -> None:
    """Run the load of the command line."""
    port, fingerprint, token, folder, clients, outstanding, seconds = sys.argv[1:]
    frames = [path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))]
    access = Access(int(port), token, fingerprint)
    counted = asyncio.run(load(access, frames, int(clients), int(outstanding), float(seconds)))
    print(json.dumps(counted))


if __name__ == "__main__":
    main()
