"""What the camera sees gets its right name, fast enough, at a bearable cost."""

import pytest

from iot_facerecognition_server.observability import catalogue
from lab.hil.deployment import IDENTITY

MEASURED = 60.0
"""Seconds of the device's clock over which rates are taken."""
FACES = 8
"""How many have to come, some of them again, for a latency to be told."""
MEBI = 1 << 20


@pytest.fixture
def one_face(bed, camera, pictures, device):
    """Somebody before the camera who stays."""
    camera.show([pictures["Barack Obama"]])
    began = device.marker()
    device.restart()
    bed.until(
        lambda: "Barack Obama" in device.names(began),
        "the face before the camera to be named",
        pause=2.0,
    )
    bed.streaming()


def test_everybody_before_the_camera_gets_their_name_and_nobody_another(
    bed, camera, pictures, device, figure
):
    camera.show(list(pictures.values()))
    began = device.marker()
    device.restart()
    everybody = set(pictures)
    bed.until(lambda: everybody <= set(device.names(began)), f"all of {everybody}", pause=2.0)
    # Who comes again is named again, so that there is more to measure.
    bed.until(lambda: len(device.names(began)) >= FACES, "more faces", pause=5.0)
    named = device.names(began)
    bed.results.tables.append(("Who was seen", "\n".join(named)))
    assert set(named) == everybody
    seconds = sorted(device.latencies())
    assert seconds, "the log file and the journal have no face in common"
    note = f"capture to result at the device, by its clock; {len(seconds)} faces"
    figure("latency, median", seconds[len(seconds) // 2], "s", note=note)
    figure("latency, slowest", seconds[-1], "s", camera.goals.latency, note=note)


def test_frames_and_what_they_cost(bed, one_face, device, figure):
    goals = bed.rig.goals
    first, sent, began = device.sample(), bed.frames(), bed.server.metrics()
    bed.until(
        lambda: device.sample().uptime >= first.uptime + MEASURED,
        "a minute of the device's clock",
        pause=5.0,
    )
    last, frames, ended = device.sample(), bed.frames() - sent, bed.server.metrics()
    taken = last.uptime - first.uptime
    note = f"over {taken:.0f} s of the device's clock, without a screen"
    figure("frame rate", frames / taken, "fps", goals.frame_rate, at_least=True, note=note)
    cpu = 100 * (last.cpu - first.cpu) / taken
    figure("processor, of the edge alone", cpu, "%", goals.cpu, note=note)
    figure("memory of the edge", last.resident / MEBI, "MiB", goals.memory, note="resident")
    figure("memory that is left", last.available / MEBI, "MiB", note="MemAvailable of the device")
    sensor = "" if last.temperature is not None else "this device has no sensor"
    figure("temperature", last.temperature, "°C", goals.temperature, note=sensor)
    note = "95 % of frames stay under it, from their arrival to their result in the socket"
    figure("server's part of the latency", server_share(began, ended), "s", note=note)
    assert (last.pid, last.restarts) == (first.pid, first.restarts)


def server_share(before, after) -> float:
    """Return the bound under which 95 % of the device's new face results stayed, in seconds."""
    labels = {"identity": IDENTITY, "kind": "faces"}
    grown = {
        bound: count - before.buckets(catalogue.CLIENT_LATENCY, **labels).get(bound, 0)
        for bound, count in after.buckets(catalogue.CLIENT_LATENCY, **labels).items()
    }
    whole = max(grown.values())
    assert whole > 0, "the server counted no result"
    return min(bound for bound, count in grown.items() if count >= 0.95 * whole)
