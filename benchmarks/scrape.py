"""What a scrape costs the event loop, for many clients: `python -m benchmarks.scrape`.

The reference in the same run is the loop with nobody scraping.
"""

import argparse
import asyncio
import sys
import threading
import time

from prometheus_client import CollectorRegistry

from benchmarks import command
from iot_facerecognition_protocol import Health, Version
from iot_facerecognition_server.observability.client_metrics import ClientMetrics
from iot_facerecognition_server.observability.endpoints import Exposition
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.events import (
    FrameArrived,
    HealthReceived,
    Joined,
    Renamed,
    ResultKind,
    ResultSent,
)
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.trust.client_identity import AuthMethod, ClientIdentity

SECONDS = 5.0
HEALTH = Health("1.0.0", 52.0, 0, -60.0, 200_000_000, 86_400.0, 15.0, 3)


def crowd(clients: int) -> tuple[ServerMetrics, Exposition]:
    """Return metrics of `clients` that have sent frames and told their health."""
    registry = CollectorRegistry()
    metrics, feed = ServerMetrics(registry), Feed()
    ClientMetrics(metrics, time.monotonic).listen_to(feed)
    for key in range(clients):
        identity = ClientIdentity(AuthMethod.TOKEN, f"token {key}")
        client = ConnectedClient(key, Version.V2, identity, "192.0.2.1")
        feed.publish(Joined(client))
        feed.publish(Renamed(client, f"edge {key}"))
        feed.publish(FrameArrived(client, 1, accepted=True))
        for kind in ResultKind:
            feed.publish(ResultSent(client, 1, kind, seconds=0.0))
        feed.publish(HealthReceived(client, HEALTH))
    return metrics, Exposition(registry, metrics.exposition_seconds)


async def lags() -> list[float]:
    """Return by how much each sleep of a millisecond took too long, in milliseconds."""
    found = []
    end = time.perf_counter() + SECONDS
    while (before := time.perf_counter()) < end:
        await asyncio.sleep(0.001)
        found.append((time.perf_counter() - before) * 1e3 - 1)
    return sorted(found)


def measure(clients: int, *, scraping: bool) -> None:
    """Print one line of the table."""
    _, exposition = crowd(clients)
    stop = threading.Event()
    times: list[float] = []
    size = 0

    def scrape() -> None:
        nonlocal size
        while not stop.wait(0.05):
            began = time.perf_counter()
            size = len(exposition.render("").body)
            times.append(time.perf_counter() - began)

    thread = threading.Thread(target=scrape)
    if scraping:
        thread.start()
    late = asyncio.run(lags())
    stop.set()
    if scraping:
        thread.join()
    took = f"{1e3 * sum(times) / len(times):8.0f} ms {size / 1e6:6.1f} MB" if times else " " * 21
    percentile = late[int(len(late) * 0.999)]
    print(f"{clients:8} {took}   loop late p99.9 {percentile:6.2f} ms, most {late[-1]:6.2f} ms")


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.setswitchinterval(0.001)  # as the server does
    print(" clients  one scrape")
    measure(1000, scraping=False)
    for clients in (10, 100, 1000):
        measure(clients, scraping=True)


if __name__ == "__main__":
    command.run(main)
