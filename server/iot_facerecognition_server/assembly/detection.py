"""The face detector of the configuration."""

import logging
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.assembly.tracking import make_tracker
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.detection import NATIVE_FACE_SIZE, Detection
from iot_facerecognition_server.engine.network_calls import Detect, DetectorThread
from iot_facerecognition_server.models.catalogue import CNN_DETECTOR, YUNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from iot_facerecognition_server.networks.cnn_faces import CnnDetector
from iot_facerecognition_server.networks.devices import choose_detector
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.networks.precision import choose_detector_precision
from iot_facerecognition_server.networks.yunet.detector import NATIVE_SIZE, YunetDetector
from iot_facerecognition_server.networks.yunet.layers import load_yunet
from iot_facerecognition_server.networks.yunet.torch_network import TorchYunet
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.stages import timed_network
from iot_facerecognition_server.vision.faces import CopyableDetector, HogDetector

_log = logging.getLogger(__name__)

Find = Callable[[NDArray[np.uint8]], Sequence[Detection]]
"""Finds the faces on one (h, w, 3) uint8 RGB picture; called from any thread."""


class FaceDetection:
    """The detector, shared or copied for each thread: YuNet, HOG, or dlib's network."""

    def __init__(self, config: Config, device: str, metrics: ServerMetrics) -> None:
        """Load what `[Engine] Detector` asks for. Raises ModelError and NetworkFileError."""
        self.name = choose_detector(config.engine.detector)
        native = NATIVE_SIZE if self.name == "yunet" else NATIVE_FACE_SIZE
        self.min_face_size = config.engine.min_face_size or native
        """Side in pixels of the smallest face that is found."""
        self._thread: DetectorThread | None = None
        self._metrics = metrics
        self.detector = self._made(config, device)
        self.tracker = (
            make_tracker(self.detector, config.engine.full_scan_interval, self.min_face_size)
            if config.engine.tracking
            else None
        )
        """What every session's faces are tracked with; None when every frame stands alone."""

    @property
    def on_gpu(self) -> bool:
        """Whether threads that look for faces only wait for them."""
        return self._thread is not None

    def close(self) -> None:
        """End the detector's thread, when nobody looks for faces any more."""
        if self._thread is not None:
            self._thread.close()

    def _made(self, config: Config, device: str) -> CopyableDetector:
        if self.name == "hog":
            return HogDetector(self.min_face_size, kept_in=config.model_cache)
        store = ModelStore(config.model_cache)
        precision = choose_detector_precision(config.engine.precision, device)
        weights = store.resolve(YUNET if self.name == "yunet" else CNN_DETECTOR)
        _log.info("face detector %s on %s in %s, from %s", self.name, device, precision, weights)
        if self.name == "cnn":
            network = CnnFaceDetectorNetwork.load(weights, device, precision)
            return CnnDetector(self._find(network.detect, device), self.min_face_size)
        layers = load_yunet(weights)
        if device == "cpu":
            # It takes 20 MB, which other detectors do without.
            from iot_facerecognition_server.networks.yunet.onnx_session import (  # noqa: PLC0415
                OnnxYunet,
            )

            detect = OnnxYunet(layers).detect
        else:
            detect = TorchYunet.on(device, layers, precision).detect
        return YunetDetector(self._find(detect, device), self.min_face_size)

    def _find(self, detect: Detect, device: str) -> Find:
        """Return what finds the faces on one picture: by itself, or on a GPU in batches."""
        timed: Detect = timed_network(detect, "detector", self._metrics)
        if device == "cpu":
            return lambda picture: timed(picture[np.newaxis])[0]
        count = self._metrics.out_of_memory.labels("detector").inc
        halving = HalvingNetwork(
            "detector", timed, lambda parts: list(chain.from_iterable(parts)), count=count
        )
        self._thread = DetectorThread(halving, replaced=self._metrics.worker_replaced)
        return self._thread.find
