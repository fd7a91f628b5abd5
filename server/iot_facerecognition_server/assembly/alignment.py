"""The aligner of the configuration."""

import logging
from itertools import chain

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.network_calls import Align, AlignerThread
from iot_facerecognition_server.models.catalogue import LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_aligner import BatchedFaceAligner
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.face_scanner import ChipCutter

_log = logging.getLogger(__name__)


class FaceAlignment:
    """dlib's aligner, and what cuts the faces out of frames: the same, or a batched one on a GPU.

    dlib's holds the interpreter lock, about 1 ms a face, which a GPU would wait for.
    """

    def __init__(self, config: Config, metrics: ServerMetrics, batched_on: str | None) -> None:
        """Read the landmark predictor, for frames also onto the device `batched_on`.

        Raises ModelError, LandmarkFileError and NetworkFileError.
        """
        settings = config.dlib
        predictor = ModelStore(config.model_cache).resolve(
            LANDMARKS, settings.face_landmark_model_file
        )
        size, padding = settings.face_detail_size, settings.face_padding
        self.for_photos = FaceAligner(predictor, size, padding)
        self.for_frames: ChipCutter = self.for_photos
        self._thread: AlignerThread | None = None
        if batched_on is None:
            return
        aligner = BatchedFaceAligner(predictor, batched_on, size, padding)
        align: Align = HalvingNetwork(
            "aligner",
            aligner.chips,
            lambda parts: list(chain.from_iterable(parts)),
            count=metrics.out_of_memory.labels("aligner").inc,
        )
        self.for_frames = self._thread = AlignerThread(align, replaced=metrics.worker_replaced)
        _log.info("landmarks and chips on %s, from %s", batched_on, predictor)

    def close(self) -> None:
        """End the aligner's thread, when no frame is worked on any more."""
        if self._thread is not None:
            self._thread.close()
