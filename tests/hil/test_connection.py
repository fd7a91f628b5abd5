"""Servers, networks and connections come and go; the edge stays, and is back by itself."""

import statistics

import pytest

from iot_facerecognition_server.observability import catalogue
from lab.hil.device import until
from lab.hil.results import Chart

MEBI = 1 << 20


def test_it_is_back_after_the_server_was_restarted(bed, device, figure):
    before = device.sample()
    bed.server.restart()
    taken = bed.until(lambda: bed.frames() > 0, "a frame at the restarted server")
    bed.streaming()
    after = device.sample()
    assert (after.pid, after.restarts) == (before.pid, before.restarts)
    figure("server restart", taken, "s", note="from the server's readiness to the first result")


def test_it_is_back_after_its_network_was_gone(bed, device, figure):
    before, off = device.sample(), bed.rig.goals.link_off_seconds
    bed.rig.link(up=False, back_after=off)
    gone = until_silent(bed)
    with pytest.raises(AssertionError, match="in vain"):
        until(lambda: received(bed) > gone, off, "frames while the network is gone", pause=5.0)
    bed.rig.link(up=True, back_after=off)
    taken = bed.until(lambda: received(bed) > gone, "a frame after the network was back")
    bed.streaming()
    after = bed.reached().sample()
    assert (after.pid, after.restarts) == (before.pid, before.restarts)
    figure("network off and on", taken, "s", note=f"from its return, after {off:.0f} s without")


def until_silent(bed) -> float:
    """Wait until no frame arrives any more; return how many there were."""
    counts = [-1.0, received(bed)]

    def silent() -> bool:
        counts.append(received(bed))
        return counts[-1] == counts[-2] == counts[-3]

    bed.until(silent, "the last frame before the network went", pause=5.0)
    return counts[-1]


def received(bed) -> float:
    """Return how many frames have arrived at the server, of whichever connection."""
    return bed.server.metrics().value(catalogue.FRAMES_RECEIVED)


def test_it_reconnects_again_and_again_without_growing(bed, device, figure):
    before, taken = device.sample(), []
    for _ in range(bed.rig.goals.reconnects):
        since = bed.connected_at()
        assert bed.relay.cut() > 0
        taken.append(bed.until(lambda: is_back(bed, since), "the device to be back", 0.2))  # noqa: B023
    bed.streaming()
    after = device.sample()
    note = "The client waits for 1 to 15 s before it tries, longer after several cuts in a row."
    bed.results.charts.append(Chart("Seconds until it was back", "s", tuple(taken), note))
    minutes = f"each streaming again; {sum(taken) / 60:.0f} minutes"
    figure("reconnects", len(taken), "", note=minutes)
    figure("reconnect, median", statistics.median(taken), "s")
    figure("reconnect, slowest", max(taken), "s")
    growth = (after.resident - before.resident) / MEBI
    figure("memory grown by reconnects", growth, "MiB", 8.0, note="resident memory of the edge")
    assert (after.pid, after.restarts) == (before.pid, before.restarts)
    assert after.files <= before.files + 4


def is_back(bed, since: float) -> bool:
    """Return whether the device has a connection younger than that of `since`, and results."""
    return bed.connected_at() not in {since, 0.0} and bed.frames() > 0
