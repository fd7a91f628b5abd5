"""Stopwatches change nothing but the histograms."""

from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.stages import TimedDecoder, timed_network
from iot_facerecognition_server.vision.jpeg import JpegDecoder


def test_decoded_picture_is_the_decoders_and_each_call_is_counted(photos: Path) -> None:
    registry = CollectorRegistry()
    jpeg = (photos / "obama.jpg").read_bytes()
    plain = JpegDecoder()
    timed = TimedDecoder(JpegDecoder(), ServerMetrics(registry).stage_seconds)
    assert np.array_equal(timed.grey(jpeg), plain.grey(jpeg))
    assert np.array_equal(timed.rgb(jpeg), plain.rgb(jpeg))
    count = registry.get_sample_value(
        "iot_facerecognition_stage_seconds_count", {"stage": "decode"}
    )
    assert count == 2


def test_batch_sizes_are_counted() -> None:
    registry = CollectorRegistry()
    run = timed_network(
        lambda pictures: pictures.reshape(len(pictures), -1).astype(np.float32),
        "descriptor",
        ServerMetrics(registry),
    )
    for size in (1, 3, 4):
        assert run(np.zeros((size, 2, 2, 3), np.uint8)).shape == (size, 12)
    name = "iot_facerecognition_batch_size"
    of = {"network": "descriptor"}
    assert registry.get_sample_value(f"{name}_sum", of) == 8
    assert registry.get_sample_value(f"{name}_bucket", {**of, "le": "2.0"}) == 1
