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
from iot_facerecognition_server.observability.endpoints import Exposition
from iot_facerecognition_server.observability.metrics import ServerMetrics

SECONDS = 5.0
HEALTH = Health("1.0.0", 52.0, 0, -60.0, 200_000_000, 86_400.0, 15.0, 3)


def crowd(clients: int) -> tuple[ServerMetrics, Exposition]:
    """Return metrics of `clients` that have sent frames and told their health."""
    registry = CollectorRegistry()
    metrics = ServerMetrics(registry)
    for key in range(clients):
        client = metrics.join(key, Version.V2, f"token {key}")
        client.named(f"edge {key}")
        client.frame_received()
        client.result_sent("faces", time.monotonic())
        client.result_sent("objects", time.monotonic())
        client.told_health(HEALTH)
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
