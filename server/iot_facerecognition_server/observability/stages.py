"""Stopwatches around the stages of the pipeline; the stages know nothing of them."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Histogram

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import Match
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.vision.face_scanner import ChipCutter, PictureDecoder
from iot_facerecognition_server.vision.faces import FaceDetector
from iot_facerecognition_server.vision.jpeg import FULL_SIZE

Matcher = Callable[[NDArray[np.float32]], Sequence[Match]]
Rows = TypeVar("Rows")
Network = Callable[[NDArray[np.uint8]], Rows]


class TimedDecoder:
    """A decoder with a stopwatch."""

    def __init__(self, decoder: PictureDecoder, seconds: Histogram) -> None:
        self._decoder = decoder
        self._seconds = seconds.labels("decode")

    def grey(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Decode as `PictureDecoder`."""
        with self._seconds.time():
            return self._decoder.grey(data, scale)

    def rgb(self, data: bytes, scale: int = FULL_SIZE) -> NDArray[np.uint8]:
        """Decode as `PictureDecoder`."""
        with self._seconds.time():
            return self._decoder.rgb(data, scale)


class TimedDetector:
    """A face detector with a stopwatch."""

    def __init__(self, detector: FaceDetector, seconds: Histogram) -> None:
        self._detector = detector
        self._seconds = seconds.labels("detect")
        self.colour = detector.colour

    def scale_of(self, size: tuple[int, int]) -> float:
        """Answer as `FaceDetector`."""
        return self._detector.scale_of(size)

    def detect(self, picture: NDArray[np.uint8], reduction: float = 1.0) -> list[Detection]:
        """Detect as `FaceDetector`."""
        with self._seconds.time():
            return self._detector.detect(picture, reduction)


class TimedAligner:
    """A cutter of chips with a stopwatch."""

    def __init__(self, aligner: ChipCutter, seconds: Histogram) -> None:
        self._aligner = aligner
        self._seconds = seconds.labels("align")

    def chips(
        self, rgb: NDArray[np.uint8], faces: Sequence[Detection]
    ) -> Sequence[NDArray[np.uint8]]:
        """Cut as `ChipCutter`."""
        with self._seconds.time():
            return self._aligner.chips(rgb, faces)


class TimedMatcher:
    """A matcher with a stopwatch."""

    def __init__(self, match: Matcher, seconds: Histogram) -> None:
        self._match = match
        self._seconds = seconds.labels("match")

    def match(self, descriptors: NDArray[np.float32]) -> Sequence[Match]:
        """Return the nearest reference of each of the (N, 128) descriptors."""
        with self._seconds.time():
            return self._match(descriptors)


def timed_network(run: Network[Rows], name: str, metrics: ServerMetrics) -> Network[Rows]:
    """Return `run` with a stopwatch and a count of the pictures in each batch."""
    seconds, sizes = metrics.network_seconds.labels(name), metrics.batch_size.labels(name)

    def timed(pictures: NDArray[np.uint8]) -> Rows:
        began = perf_counter()
        rows = run(pictures)
        seconds.observe(perf_counter() - began)
        sizes.observe(len(pictures))
        return rows

    return timed
