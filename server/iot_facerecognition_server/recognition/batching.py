"""How networks are fed on the device that they run on."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.engine.local import BatchedNetwork
from iot_facerecognition_server.engine.network_thread import NetworkThread
from iot_facerecognition_server.metrics import ServerMetrics
from iot_facerecognition_server.networks.cnn_detector import FaceBoxes
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.observability.stages import timed_network
from iot_facerecognition_server.vision.faces import Detection

GPU_BATCH: Final = 256
"""Chips or crops in a batch on a GPU at most; what a GPU has no memory for is halved."""
GPU_FRAMES: Final = 32
"""Frames in a batch of the detector, which looks at a plane 2.4 times as large as each."""
WORKERS_A_CORE: Final = 4
"""Worker threads for each core where a GPU finds the faces: most of them wait for it."""

PictureOfFaces = tuple[NDArray[np.uint8], Sequence[Detection]]
"""An (h, w, 3) uint8 RGB picture, and the faces on it."""
Detect = Callable[[NDArray[np.uint8]], list[FaceBoxes]]
"""Finds the faces on each of (N, h, w, 3) uint8 RGB pictures."""
Align = Callable[[list[PictureOfFaces]], list[list[NDArray[np.uint8]]]]
"""Cuts out the faces on each of several pictures of one size."""


def batched(
    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    name: str,
    metrics: ServerMetrics,
    device: str,
    cpu_batch: int,
) -> BatchedNetwork:
    """Return the network `run` as the engine feeds it on `device`."""
    timed = timed_network(run, name, metrics)
    if device == "cpu":
        return BatchedNetwork(timed, cpu_batch)
    count = metrics.out_of_memory.labels(name).inc
    halving = HalvingNetwork(name, timed, np.concatenate, count=count)
    return BatchedNetwork(halving, GPU_BATCH, own_thread=True)


class _Search:
    """A picture that waits for the detector, and whoever waits for its faces."""

    __slots__ = ("faces", "picture")

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self.picture = picture
        self.faces: Future[FaceBoxes] = Future()


class _Alignment:
    """A picture whose faces wait for the aligner, and whoever waits for their chips."""

    __slots__ = ("chips", "picture")

    def __init__(self, picture: PictureOfFaces) -> None:
        self.picture = picture
        self.chips: Future[list[NDArray[np.uint8]]] = Future()


class DetectorThread:
    """The detector network on a GPU: workers wait here, their pictures go in batches of one size.

    Close it when no worker calls it any more.
    """

    def __init__(self, detect: Detect, batch_size: int = GPU_FRAMES) -> None:
        self._detect = detect
        self._thread: NetworkThread[_Search] = NetworkThread(
            "detector", self._run, batch_size, kind=lambda search: search.picture.shape
        )

    def find(self, picture: NDArray[np.uint8]) -> FaceBoxes:
        """Return the faces on an (h, w, 3) uint8 RGB picture; raises what the network raises."""
        search = _Search(picture)
        self._thread.put([search])
        return search.faces.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _run(self, searches: Sequence[_Search]) -> None:
        try:
            found = self._detect(np.stack([search.picture for search in searches]))
        except Exception as error:  # noqa: BLE001 - it is the searchers' and raised there
            for search in searches:
                search.faces.set_exception(error)
            return
        for search, faces in zip(searches, found, strict=True):
            search.faces.set_result(faces)


class AlignerThread:
    """The aligner on a GPU: workers wait here, their faces go in batches of pictures of one size.

    Close it when no worker calls it any more.
    """

    def __init__(self, align: Align, batch_size: int = GPU_FRAMES) -> None:
        self._align = align
        self._thread: NetworkThread[_Alignment] = NetworkThread(
            "aligner", self._run, batch_size, kind=lambda alignment: alignment.picture[0].shape
        )

    def chips(self, rgb: NDArray[np.uint8], faces: Sequence[Detection]) -> list[NDArray[np.uint8]]:
        """Return a chip of each of the `faces` on an (h, w, 3) uint8 RGB picture."""
        alignment = _Alignment((rgb, faces))
        self._thread.put([alignment])
        return alignment.chips.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _run(self, alignments: Sequence[_Alignment]) -> None:
        try:
            found = self._align([alignment.picture for alignment in alignments])
        except Exception as error:  # noqa: BLE001 - it is the workers' and raised there
            for alignment in alignments:
                alignment.chips.set_exception(error)
            return
        for alignment, chips in zip(alignments, found, strict=True):
            alignment.chips.set_result(chips)
