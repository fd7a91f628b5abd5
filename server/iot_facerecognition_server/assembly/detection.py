"""The face detector of the configuration."""

import logging
from itertools import chain

import numpy as np

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.network_calls import Detect, DetectorThread
from iot_facerecognition_server.models.catalogue import CNN_DETECTOR
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from iot_facerecognition_server.networks.cnn_faces import CnnDetector
from iot_facerecognition_server.networks.devices import choose_detector
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.networks.precision import choose_detector_precision
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.stages import timed_network
from iot_facerecognition_server.pipeline.tracked_faces import FaceTracker
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.vision.faces import CopyableDetector, HogDetector

_log = logging.getLogger(__name__)


class FaceDetection:
    """The detector, shared or copied for each thread: HOG, or dlib's network."""

    def __init__(self, config: Config, device: str, metrics: ServerMetrics) -> None:
        """Load what `[Engine] Detector` asks for. Raises ModelError and NetworkFileError."""
        self.name = choose_detector(config.engine.detector, device)
        self.tracker = _tracker(config, self.name)
        """What every session's faces are tracked with; None when every frame stands alone."""
        self._thread: DetectorThread | None = None
        smallest = config.engine.min_face_size
        self.detector: CopyableDetector
        if self.name == "hog":
            self.detector = HogDetector(smallest, kept_in=config.model_cache)
            return
        weights = ModelStore(config.model_cache).resolve(CNN_DETECTOR)
        precision = choose_detector_precision(config.engine.precision, device)
        network = CnnFaceDetectorNetwork.load(weights, device, precision)
        _log.info("face detector on %s in %s, from %s", device, precision, weights)
        detect: Detect = timed_network(network.detect, "detector", metrics)
        if device == "cpu":
            self.detector = CnnDetector(lambda picture: detect(picture[np.newaxis])[0], smallest)
            return
        count = metrics.out_of_memory.labels("detector").inc
        halving = HalvingNetwork(
            "detector", detect, lambda parts: list(chain.from_iterable(parts)), count=count
        )
        self._thread = DetectorThread(halving, replaced=metrics.worker_replaced)
        self.detector = CnnDetector(self._thread.find, smallest)

    @property
    def on_gpu(self) -> bool:
        """Whether threads that look for faces only wait for them."""
        return self._thread is not None

    def close(self) -> None:
        """End the detector's thread, when nobody looks for faces any more."""
        if self._thread is not None:
            self._thread.close()


def _tracker(config: Config, detector: str) -> FaceTracker | None:
    """Decide whether faces are tracked: the CNN's boxes change with the picture around them."""
    if not config.engine.tracking or detector != "hog":
        return None
    return RegionTracker(
        TrackingSettings(config.engine.full_scan_interval, config.engine.min_face_size)
    )
