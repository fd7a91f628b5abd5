"""What listening to what happens costs: `python -m benchmarks.feed`.

First the time that one frame's events take to publish, with nobody listening, with metrics and log,
and with eight mailboxes more. Then the real server, tracking faces for eight clients, which are the
cheapest frames it has: its rate and its processor time a frame, second by second in turn without
and with eight listeners more.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry

from benchmarks import command
from benchmarks.listened_server import EVENTS, MOST, ListenedServer, Phase, read
from benchmarks.machine import machine
from benchmarks.scenes import references
from benchmarks.streaming import stream_closed_loop
from benchmarks.throughput import CLIENTS, any_rate, write_moving_frames
from iot_facerecognition_protocol import FrameStatus, Version
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.assembly.listeners import count_and_log, new_feed
from iot_facerecognition_server.frames import DESCRIPTOR_SIZE, Match, RecognisedFace
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.sessions.budget import BudgetLimits, Budgets
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.events import (
    FacesRecognised,
    FrameArrived,
    FrameEnded,
    Joined,
    MessageReceived,
    MessageSent,
    ResultKind,
    ResultSent,
)
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.trust.client_identity import AuthMethod, ClientIdentity

FRAMES: Final = 2000
"""Frames whose events are published for one figure."""
ROUNDS: Final = 7
"""Figures of which the least is taken."""
LISTENERS: Final = 8
TARGET: Final = 0.02
CLIENT: Final = ConnectedClient(
    1, Version.V2, ClientIdentity(AuthMethod.TOKEN, "door"), "192.0.2.1"
)
FACE: Final = RecognisedFace(
    Box.at(1, 2, 83, 84),
    1.0,
    quality=1.0,
    match=Match("ann", 0.3),
    descriptor=np.zeros(DESCRIPTOR_SIZE, np.float32),
)
JPEG: Final = bytes(40_000)


def publish_frame(feed: Feed) -> None:
    """Publish what happens to a frame with one face, as serving does."""
    picture = feed.picture(JPEG)
    feed.publish_new(MessageReceived, CLIENT, len(JPEG))
    feed.publish_new(FrameArrived, CLIENT, 1, accepted=True, picture=picture)
    feed.publish_new(FacesRecognised, CLIENT, 1, (FACE,), picture)
    feed.publish_new(FrameEnded, CLIENT, 1, FrameStatus.PROCESSED, queue_seconds=0.1)
    feed.publish_new(MessageSent, CLIENT, 100)
    feed.publish_new(ResultSent, CLIENT, 1, ResultKind.FACES, 0.2)
    feed.publish_new(MessageSent, CLIENT, 100)


async def microseconds(publish: Callable[[], None]) -> float:
    """Return the processor time of one frame's events, with what their readers do."""
    found = []
    for _ in range(ROUNDS):
        begin = time.thread_time()
        for _ in range(FRAMES):
            publish()
            await asyncio.sleep(0)  # the readers' turn
        found.append((time.thread_time() - begin) / FRAMES * 1e6)
    return min(found)


async def with_mailboxes(feed: Feed, picture_bytes: int, *, slow: bool) -> float:
    """Return the same with `LISTENERS` mailboxes; when `slow`, nobody takes anything out."""
    with ExitStack() as stack:
        names = map(str, range(LISTENERS))
        boxes = [feed.mailbox(name, EVENTS, MOST, picture_bytes) for name in names]
        for box in boxes:
            stack.enter_context(box)
            if not slow:
                reader = asyncio.create_task(read(box))
                stack.callback(reader.cancel)
        return await microseconds(partial(publish_frame, feed))


def product_feed() -> Feed:
    """Return a feed with the two listeners that the server has: metrics and log."""
    metrics = ServerMetrics(CollectorRegistry())
    feed = new_feed(metrics)
    count_and_log(feed, metrics, Budgets(BudgetLimits()), time.monotonic)
    feed.publish(Joined(CLIENT))
    return feed


async def print_costs() -> float:
    """Print what publishing costs for each frame; return what eight listeners more do, in us."""
    loop = await microseconds(lambda: None)
    print("one frame with one face: 7 events                     us a frame")
    alone = await microseconds(partial(publish_frame, Feed())) - loop
    print(f"  nobody listens                                        {alone:8.1f}")
    product = await microseconds(partial(publish_frame, product_feed())) - loop
    print(f"  metrics and log                                       {product:8.1f}")
    costs = []
    for words, picture_bytes, slow in (
        ("", 0, False),
        (", with pictures", 10 * len(JPEG), False),
        (" that take nothing", 0, True),
    ):
        costs.append(await with_mailboxes(product_feed(), picture_bytes, slow=slow) - loop)
        print(f"  and {LISTENERS} listeners more{words:<31} {costs[-1]:8.1f}")
    return costs[0] - product


def row(words: str, phases: Sequence[Phase]) -> str:
    """Return one line of the server's table."""
    seconds = sum(phase.end - phase.begin for phase in phases)
    frames = sum(phase.frames for phase in phases)
    return f"  {words:<32} {len(phases):>6} {frames / seconds:>10.1f} {cpu_of(phases) * 1e3:>13.2f}"


def cpu_of(phases: Sequence[Phase]) -> float:
    """Return the processor seconds that one result took."""
    return sum(phase.cpu for phase in phases) / sum(phase.frames for phase in phases)


def print_server(seconds: float) -> float:
    """Print what eight listeners cost a server that tracks faces; return CPU seconds a result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = write_moving_frames(folder / "moving")
        server = ListenedServer(folder / "server", references(), any_rate({}))
        with server:
            streamed = stream_closed_loop(server, frames, CLIENTS, 2, seconds)
        phases = server.phases(streamed.begin, streamed.end)
    without = [phase for phase in phases if not phase.listeners]
    having = [phase for phase in phases if phase.listeners]
    print(f"\nmoving photos, {CLIENTS} clients           phases  results/s  CPU ms each")
    print(row("metrics, log and fleet listen", without))
    print(row(f"and {LISTENERS} listeners more", having))
    lost = [1 - one.frames / other.frames for other, one in zip(without, having, strict=False)]
    print(
        f"  of the rate, second by second: {mean(lost):.1%} less"
        f" (standard error {stdev(lost) / len(lost) ** 0.5:.1%})"
    )
    return cpu_of(without)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the server's table")
    options = parser.parse_args()
    print(machine(), "\n")
    more = asyncio.run(print_costs())
    share = more / (print_server(options.seconds) * 1e6)
    print(f"\n{LISTENERS} listeners take {more:.0f} us a frame, {share:.2%} of its processor time:")
    print(f"target {TARGET:.0%} {'met' if share < TARGET else 'missed'}")


if __name__ == "__main__":
    command.run(main)
