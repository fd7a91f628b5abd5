"""The engine tells when a worker is stuck, which is what liveness asks."""

import asyncio
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.frames import Frame, Wants
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.vision.face_scanner import ScannedFaces


class StuckScanner:
    """Scans for as long as the test wants."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.release = threading.Event()

    def scan(self, jpeg: bytes) -> ScannedFaces:
        self.begun.set()
        assert self.release.wait(60)
        return (), ()


def rows(chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.zeros((len(chips), 128), np.float32)


def test_engine_tells_for_how_long_its_busiest_worker_is_at_one_frame() -> None:
    now = [100.0]

    async def scenario() -> None:
        scanner = StuckScanner()
        engine = LocalEngine(
            workers=1,
            make_tools=lambda: Tools(scanner),
            networks={Network.DESCRIPTOR: BatchedNetwork(rows, 4)},
            jobs=FrameJobs(Gallery.empty()),
            clock=lambda: now[0],
        )
        assert engine.stalled_seconds() == 0
        faces = engine.submit(Frame(1, 1, b"", 0.0), Wants()).faces
        assert faces is not None
        await asyncio.to_thread(scanner.begun.wait, 60)
        now[0] = 107.5
        assert engine.stalled_seconds() == pytest.approx(7.5)
        scanner.release.set()
        await faces
        await engine.close()
        assert engine.stalled_seconds() == 0

    asyncio.run(scenario())
