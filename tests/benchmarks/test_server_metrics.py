import os

from benchmarks.process_cost import ProcessCost
from benchmarks.server_metrics import Metrics
from iot_facerecognition_server.observability import catalogue

TEXT = """\
# TYPE iot_facerecognition_frames_dropped_total counter
iot_facerecognition_frames_dropped_total{reason="late"} 2.0
iot_facerecognition_frames_dropped_total{reason="replaced"} 5.0
# TYPE iot_facerecognition_frames_waiting gauge
iot_facerecognition_frames_waiting 3.0
"""


def test_values_are_read_by_label_and_in_sum():
    metrics = Metrics(TEXT)
    assert metrics.value(catalogue.FRAMES_WAITING) == 3
    assert metrics.value(catalogue.FRAMES_DROPPED) == 7
    assert metrics.value(catalogue.FRAMES_DROPPED, reason="late") == 2


def test_the_cost_of_this_process_grows_with_what_it_holds_and_does():
    before = ProcessCost.of(os.getpid())
    held = bytearray(os.urandom(40_000_000))
    total = sum(number * number for number in range(3_000_000))
    after = ProcessCost.of(os.getpid())
    assert after.memory - before.memory > len(held) * 0.9
    assert after.cpu > before.cpu
    assert total > 0
