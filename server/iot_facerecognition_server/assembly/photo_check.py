"""Whether photos can serve as references, where no server runs that can tell. Imports torch."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from iot_facerecognition_server.assembly.alignment import FaceAlignment
from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.assembly.faces import FaceRecogniser
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.gallery.photo_report import PhotoReport
from iot_facerecognition_server.networks.devices import choose_device
from iot_facerecognition_server.observability.metrics import ServerMetrics


@contextmanager
def photo_check(config: Config) -> Iterator[Callable[[str, Path], PhotoReport]]:
    """Load what a server has loaded, and yield what tells if a photo can be a person's reference.

    Raises DeviceError, ModelError, LandmarkFileError, NetworkFileError and JpegLibraryError.
    """
    device = choose_device(config.engine.device)
    metrics = ServerMetrics(CollectorRegistry())
    with (
        closing(FaceDetection(config, device, metrics)) as detection,
        closing(FaceAlignment(config, metrics, None)) as alignment,
    ):
        yield FaceRecogniser(config, device, detection, alignment).look_at
