"""The object classifier of the configuration."""

import hashlib
import logging

from iot_facerecognition_server.assembly.picture_limits import jpeg_limits
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.models.catalogue import EFFICIENTNET, RESNET34
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import choose_precision
from iot_facerecognition_server.vision.crops import ObjectCropper
from iot_facerecognition_server.vision.jpeg import JpegDecoder

_log = logging.getLogger(__name__)


class ObjectRecogniser:
    """The classifier, shared by all threads; makes croppers.

    It is dlib's ResNet-34 when the configuration names its file, else EfficientNet-Lite0.
    """

    def __init__(self, config: Config, device: str) -> None:
        """Load the network. Raises ModelError and NetworkFileError."""
        self._config = config
        store = ModelStore(config.model_cache)
        precision = choose_precision(config.engine.precision, device)
        configured = config.dlib.image_net_classifier_file
        if configured:
            path = store.resolve(RESNET34, configured)
            self.classifier = ObjectClassifier.from_dlib(path, device, precision)
        else:
            path = store.resolve(EFFICIENTNET)
            self.classifier = ObjectClassifier.efficientnet(path, device, precision)
        self.weights_hash = hashlib.sha256(path.read_bytes()).hexdigest()
        _log.info(
            "objects on %s in %s, from %s, sha256 %s", device, precision, path, self.weights_hash
        )

    def make_cropper(self) -> ObjectCropper:
        """Return a cropper for one thread."""
        return ObjectCropper(
            JpegDecoder(),
            self.classifier.input_size,
            self._config.dlib.number_of_crops,
            jpeg_limits(self._config),
        )
