"""What the credit window costs and gains, by its size, on loopback and over a slow link.

`python -m benchmarks.window` lets cameras stream moving photos to the real server over real TLS,
with the settings of a new client, and varies how many frames a client may have unanswered. A
result's age is the time from the capture at the client to the frame's end there. A frame that is
`replaced at the server` has crossed the network for nothing. The link (benchmarks/slow_link.py)
takes 30 ms each way and loses 1 % of the packets; it needs root, and is left out without.
"""

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks import command
from benchmarks.machine import machine
from benchmarks.scenes import ONE_FACE, references
from benchmarks.slow_link import SERVER_ADDRESS, Link, SlowLink
from benchmarks.streaming import Stream, Streamed, load_command
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from lab.photos import fetch_photos
from lab.server_process import ServerProcess

LINK: Final = Link(delay=0.030, loss=0.01)
WINDOWS: Final = (1, 2, 3, 4)
LOADS: Final = ((1, 30.0), (3, 30.0))
"""Clients, and frames a second that each camera gives."""
FRAMES: Final = 60
SETTINGS: Final = {"Limits": {"FrameRate": "0"}}


class ServerInNamespace(ServerProcess):
    """The server in a network namespace."""

    namespace = ""

    def command(self) -> list[str]:
        """Return what is started."""
        return [*inside(self.namespace), *super().command()]


def inside(namespace: str) -> list[str]:
    """Return what a command begins with to run in `namespace`; "" is this process's own."""
    return ["ip", "netns", "exec", namespace] if namespace else []


def measure(
    folder: Path, frames: Path, link: SlowLink | None, seconds: float, windows: Sequence[int]
) -> None:
    """Print one row for each load and window; the last window of each load is the server's own."""
    settings = SETTINGS | ({"Connection": {"Bind": SERVER_ADDRESS}} if link else {})
    server = ServerInNamespace(folder, references(), settings)
    server.namespace = link.server if link else ""
    with server:
        for clients, fps in LOADS:
            for window in (*windows, None):
                options = ["--fps", str(fps), "--all"]
                options += ["--window", str(window)] if window else []
                options += ["--host", SERVER_ADDRESS] if link else []
                streaming = load_command(server, frames, clients, seconds, *options)
                streamed = Stream([*inside(link.client if link else ""), *streaming]).end()
                print_row("30 ms, 1 %" if link else "loopback", clients, window, streamed)
        print()


def print_row(where: str, clients: int, window: int | None, streamed: Streamed) -> None:
    """Print what one load with one window gave."""
    p50, p95 = streamed.percentiles(0.5, 0.95)
    answered = sum(n for why, n in streamed.ended.items() if why != "replaced at the client")
    replaced = streamed.ended.get("replaced", 0) / max(answered, 1)
    print(
        f"{where:<11} {clients:>7} {window or 'auto':>7} {streamed.rate:>12.1f}"
        f" {p50:>8.0f} {p95:>6.0f} {replaced:>22.0%}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each row")
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS)
    options = parser.parse_args()
    print(machine())
    print("cameras of 30 frames a second, 640x480, faces and objects, tracking on\n")
    print("link        clients  window  processed/s  age p50    p95  replaced at the server")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = folder / "frames"
        frames.mkdir()
        photos = fetch_photos()
        source = MovingPhoto([photos / name for name in ONE_FACE], size=(640, 480), closest=0.5)
        for number, jpeg in enumerate(source.frames(FRAMES)):
            (frames / f"{number:03}.jpg").write_bytes(jpeg)
        measure(folder / "loopback", frames, None, options.seconds, options.windows)
        if not SlowLink.possible():
            print("the link with delay and loss needs root and /dev/net/tun: left out")
            return
        with ExitStack() as links:
            link = links.enter_context(SlowLink(LINK))
            measure(folder / "link", frames, link, options.seconds, options.windows)


if __name__ == "__main__":
    command.run(main)
