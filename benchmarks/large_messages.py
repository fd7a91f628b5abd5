"""What a message of 3.9 MB costs the thread that receives, with freed memory given back and kept.

`python -m benchmarks.large_messages` feeds three connections with masked messages in pieces of
16 KiB, as TLS hands them on, once with glibc as it is and once after `keep_freed_memory`, each in a
process of its own, and prints processor milliseconds: of a message, and of its longest piece.
"""

import statistics
import subprocess
import sys
import time

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from benchmarks import command
from benchmarks.machine import machine
from iot_facerecognition_server.freed_memory import keep_freed_memory

SIZE = 3_900_000
PIECE = 16_384
ROUNDS = 30
CONNECTIONS = 3


def connection() -> ServerProtocol:
    """Return a connection behind its handshake."""
    protocol = ServerProtocol(max_size=None)
    protocol.state = State.OPEN
    protocol.parser = protocol.parse()  # the handshake's part of it has ended
    next(protocol.parser)
    return protocol


def received(connections: list[ServerProtocol], data: bytes) -> tuple[float, float]:
    """Receive one message on each; return seconds of a message, and of the longest piece."""
    spent = [0.0]
    for begin in range(0, len(data), PIECE):
        for one in connections:
            begun = time.thread_time()
            one.receive_data(data[begin : begin + PIECE])
            spent.append(time.thread_time() - begun)
    for one in connections:
        (event,) = one.events_received()
        assert isinstance(event, Frame)
        assert len(event.data) == SIZE
    return sum(spent) / len(connections), max(spent)


def message_seconds(size: int, count: int) -> float:
    """Return the processor seconds of one message of `size` bytes, the mean of `count`."""
    data = Frame(Opcode.BINARY, bytes(size)).serialize(mask=True)
    one = connection()
    begun = time.thread_time()
    for _ in range(count):
        for begin in range(0, len(data), PIECE):
            one.receive_data(data[begin : begin + PIECE])
        one.events_received()
    return (time.thread_time() - begun) / count


def measure(word: str) -> None:
    """Print a row."""
    if word == "kept":
        keep_freed_memory()
    data = Frame(Opcode.BINARY, bytes(SIZE)).serialize(mask=True)
    connections = [connection() for _ in range(CONNECTIONS)]
    rows = [received(connections, data) for _ in range(ROUNDS)]
    message, piece = (statistics.median(column) * 1e3 for column in zip(*rows, strict=True))
    print(f"freed memory {word:<11} {message:6.1f} ms a message, longest piece {piece:5.1f} ms")


def main() -> None:
    """Print the table."""
    if sys.argv[1:]:
        measure(sys.argv[1])
        return
    print(machine())
    for word in ("given back", "kept"):
        subprocess.run([sys.executable, "-m", "benchmarks.large_messages", word], check=True)


if __name__ == "__main__":
    command.run(main)
