"""What clients with large photos cost clients with small frames.

`python -m benchmarks.dear_clients` lets two clients stream 640x480 to the real server over real
TLS, less than the machine can do, first alone, then next to others that send photos of nine
megapixels as fast as they are answered, all with one token. A frame's age is the time
from its capture at the client to its end there: a small frame may have to wait for the end of a
large one that is being worked on, and for no other.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import command, server_metrics
from benchmarks.machine import machine
from benchmarks.scenes import references, write_scene
from benchmarks.streaming import Streamed, start_stream
from lab.server_process import ServerProcess

FPS: Final = 2.0
SMALL: Final = (640, 480)
LARGE: Final = (3464, 2596)
"""9.0 megapixels: the most that the server takes."""
CHEAP: Final = 2
SETTINGS: Final = {
    "Limits": {"FrameRate": "0"},
    "Metrics": server_metrics.ENABLED,
}


def measured(
    folder: Path, small: Path, large: Path, dear: int, options: argparse.Namespace
) -> None:
    """Print what the small frames went through next to `dear` clients with large ones."""
    with ServerProcess(folder, references(), SETTINGS) as server:
        seconds: float = options.seconds
        cheap = start_stream(server, small, CHEAP, seconds, "--fps", str(options.fps))
        if not dear:
            _print("alone", cheap.end())
            return
        others = start_stream(server, large, dear, seconds + 2, "--outstanding", "2")
        _print(f"next to {dear} clients with large photos", cheap.end())
        _print("  the large photos themselves", others.end())


def _print(what: str, streamed: Streamed) -> None:
    p50, p95, p99 = streamed.percentiles(0.5, 0.95, 0.99)
    ages = f"age p50 {p50:6.0f}, p95 {p95:6.0f}, p99 {p99:6.0f} ms"
    print(f"{what:<36} {streamed.rate:6.1f} /s, {ages}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dear", type=int, nargs="+", default=[0, 1, 4])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each number of clients")
    parser.add_argument("--fps", type=float, default=FPS, help="of each client with small frames")
    options = parser.parse_args()
    size = f"{SMALL[0]}x{SMALL[1]}"
    print(f"{machine()}\n{CHEAP} clients send {size}, {options.fps:g} frames a second each\n")
    with tempfile.TemporaryDirectory() as name:
        small = write_scene(Path(name) / "small", SMALL, 16)
        large = write_scene(Path(name) / "large", LARGE, 2)
        for dear in options.dear:
            measured(Path(name) / f"server-{dear}", small, large, dear, options)


if __name__ == "__main__":
    command.run(main)
