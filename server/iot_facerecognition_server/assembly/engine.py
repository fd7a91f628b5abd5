"""The local engine of the configuration."""

import os
import time
from collections.abc import Callable
from typing import Final

from iot_facerecognition_server.assembly.batching import WORKERS_A_CORE, batched
from iot_facerecognition_server.assembly.networks import Networks
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.engine.repairs import Repairs
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.stages import TimedMatcher
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools

CHIP_BATCH: Final = 4
"""Chips in a batch on a CPU: larger ones gain little (docs/decisions/workers.md)."""
CROP_BATCH: Final = 2
"""Crops in a batch on a CPU: little is gained by more, and faces wait for it."""


def local_engine(
    config: Config,
    networks: Networks,
    gallery: Gallery,
    metrics: ServerMetrics,
    clock: Callable[[], float],
) -> LocalEngine[Tools]:
    """Return an engine of this process's threads, which names faces by `gallery` at first.

    `clock` is monotonic, in seconds.
    """
    device, faces, objects = networks.device, networks.faces, networks.objects
    tracker, on_gpu = networks.detection.tracker, networks.detection.on_gpu
    seconds = metrics.stage_seconds
    engine = LocalEngine(
        workers=config.engine.workers or (WORKERS_A_CORE if on_gpu else 1) * (os.cpu_count() or 1),
        make_tools=lambda: Tools(
            faces.make_scanner(seconds),
            objects.make_cropper(),
            None if tracker is None else faces.make_searcher(seconds),
        ),
        networks={
            Network.DESCRIPTOR: batched(
                faces.network.describe, "descriptor", metrics, device, CHIP_BATCH
            ),
            Network.CLASSIFIER: batched(
                objects.classifier.classify,
                "classifier",
                metrics,
                device,
                CROP_BATCH,
                background=True,
            ),
        },
        jobs=FrameJobs(
            gallery,
            objects.classifier.labels,
            tracker,
            timed=lambda matcher: TimedMatcher(matcher.match, seconds),
        ),
        clock=clock,
        # Where a GPU finds the faces, threads wait for it: then it is the wait that a frame costs.
        stopwatch=clock if on_gpu else time.thread_time,
        repairs=Repairs(metrics.worker_replaced, metrics.tools_renewed.inc),
    )
    metrics.expect_workers(engine.thread_names)
    return engine
