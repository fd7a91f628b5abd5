"""Clients that are connected and do nothing, in a process of their own.

`python -m benchmarks.idle_clients PORT FINGERPRINT TOKEN CLIENTS [FRAME]` connects them and prints
`connected N`. Then each line on its standard input is obeyed: `frame` lets every client send the
JPEG of the file FRAME and prints `answered N` when all are answered; `count` prints how many are
connected. The end of the input ends it.
"""

import asyncio
import sys
from contextlib import closing
from pathlib import Path

from benchmarks import command
from iot_facerecognition_client import Client, Fingerprint, FrameEnded, ServerAddress
from iot_facerecognition_client.status import State
from iot_facerecognition_protocol import SessionSettings
from lab.server_process import Access

AT_A_TIME = 16
"""Handshakes under way: a site's edges come back like this after a power cut."""


def make_clients(access: Access, count: int) -> list[Client]:
    """Return `count` clients, not yet started."""
    trust = Fingerprint(access.fingerprint)
    address = ServerAddress("127.0.0.1", access.port)
    return [
        Client(
            address,
            trust=trust,
            token=access.token,
            settings=SessionSettings(name=f"idle-{number}", object_recognition=False),
        )
        for number in range(count)
    ]


async def connect(clients: list[Client]) -> None:
    """Start the clients, a few at a time, and wait until all are connected."""
    gate = asyncio.Semaphore(AT_A_TIME)

    async def one(client: Client) -> None:
        async with gate:
            client.start()
            await client.connected(60)

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(one(client))


async def send_frames(clients: list[Client], jpeg: bytes) -> int:
    """Let each client send one frame, a few at a time; return how many were answered."""
    gate = asyncio.Semaphore(AT_A_TIME)
    answered = 0

    async def one(client: Client) -> None:
        nonlocal answered
        async with gate:
            with closing(client.events(FrameEnded)) as ended:
                client.send(jpeg)
                async with asyncio.timeout(60):
                    async for _ in ended:
                        answered += 1
                        return

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(one(client))
    return answered


async def run(access: Access, count: int, frame: bytes | None) -> None:
    """Connect, then obey until the input ends."""
    clients = make_clients(access, count)
    await connect(clients)
    print(f"connected {count}", flush=True)
    while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if order == "frame" and frame is not None:
            print(f"answered {await send_frames(clients, frame)}", flush=True)
        else:
            up = sum(client.status.state is State.CONNECTED for client in clients)
            print(f"connected {up}", flush=True)
    await asyncio.gather(*(client.close() for client in clients))


def main() -> None:
    """Run the clients of the command line."""
    port, fingerprint, token, count, *frame = sys.argv[1:]
    access = Access(int(port), token, fingerprint)
    jpeg = Path(frame[0]).read_bytes() if frame else None
    asyncio.run(run(access, int(count), jpeg))


if __name__ == "__main__":
    command.run(main)
