"""Frames at an even rate."""

import threading

from iot_facerecognition_client.sources.pacing import Pacer
from tests.edge.client.sources.frames import ManualClock


def test_a_pacer_leaves_out_periods_that_passed():
    clock = ManualClock()
    pacer = Pacer(10.0, clock)
    pacer.start()
    assert pacer.tick() == 0
    clock.now += 0.35
    assert pacer.tick() == 3
    clock.now += 0.1
    assert pacer.tick() == 4
    pacer.stop()
    assert pacer.tick() is None
    clock.now += 1000
    pacer.start()
    assert pacer.tick() == 5


def test_a_waiting_pacer_is_stopped_at_once():
    pacer = Pacer(0.0001)
    pacer.start()
    assert pacer.tick() == 0
    ticks = []
    waiting = threading.Thread(target=lambda: ticks.append(pacer.tick()))
    waiting.start()
    pacer.stop()
    waiting.join(10)
    assert ticks == [None]
