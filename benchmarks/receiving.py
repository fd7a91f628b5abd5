"""What it takes to receive frames: in all, and what of it the server can measure.

`python -m benchmarks.receiving` streams frames to a real server whose clients want no results,
and prints milliseconds of the event loop's thread for each, as Linux counts them, and those that
the message itself takes, from `benchmarks.large_messages`. What `[Budget] Receiving` charges is the
second, times the multiple that this prints (`sessions/budget.py`).
"""

import tempfile
import time
from pathlib import Path

from websockets.frames import Opcode

from benchmarks.attack.field import target_of
from benchmarks.attack.jpegs import padded, photo
from benchmarks.attack.peer import Peer, masked
from benchmarks.attack.peer import command as message
from benchmarks.attack.values import HONEST, Target
from benchmarks.command import run
from benchmarks.large_messages import message_seconds
from benchmarks.machine import machine
from benchmarks.scenes import references
from benchmarks.server_metrics import ENABLED
from iot_facerecognition_protocol import Command
from iot_facerecognition_server.freed_memory import keep_freed_memory
from lab.server_process import ServerProcess

SIZES = {40_000: 3000, 400_000: 400, 3_900_000: 80}
"""Bytes of a frame, and how many are sent."""
_DONE_SECONDS = 60.0


def thread_seconds(pid: int) -> float:
    """Return the processor seconds of a process's first thread, where its event loop runs."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def in_all(target: Target, size: int, count: int) -> float:
    """Send frames of `size` bytes; return seconds of the event loop's thread for each."""
    jpeg = padded(photo(target.photos / "obama2.jpg", 320, 240), size)
    frame = masked(Opcode.BINARY, jpeg)
    with Peer(target, HONEST) as peer:
        for command in (
            Command.SETTING_FACERECOGNITIONENABLED,
            Command.SETTING_OBJDETECTIONENABLED,
        ):
            peer.send(message(command, False))
        peer.ask(jpeg, time.monotonic() + _DONE_SECONDS)  # the settings are in force
        begun = thread_seconds(target.pid)
        for _ in range(count - 1):
            peer.send(frame)
        if not any(peer.ask(jpeg, time.monotonic() + _DONE_SECONDS)):
            raise RuntimeError("the server did not answer the last frame")
        return (thread_seconds(target.pid) - begun) / count


def main() -> None:
    """Print the table."""
    keep_freed_memory()
    print(f"{machine()}\n\n{'frame':>12} {'in all':>10} {'message':>10} {'multiple':>10}")
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder), references(), {"Metrics": ENABLED}) as server,
    ):
        target = target_of(server)
        for size, count in SIZES.items():
            whole = in_all(target, size, count)
            part = message_seconds(size, count)
            cells = f"{whole * 1e3:7.2f} ms {part * 1e3:7.2f} ms {whole / part:10.1f}"
            print(f"{size / 1e3:9.0f} KB {cells}")


if __name__ == "__main__":
    run(main)
