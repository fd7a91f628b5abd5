"""The networks of the configuration, loaded once and shared by all threads and clients."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from iot_facerecognition_server.assembly.alignment import FaceAlignment
from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.assembly.faces import FaceRecogniser
from iot_facerecognition_server.assembly.objects import ObjectRecogniser
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.networks.devices import choose_device
from iot_facerecognition_server.observability.metrics import ServerMetrics


@dataclass(frozen=True, slots=True)
class Networks:
    """What finds faces, aligns them and describes them, and what knows objects, on one `device`."""

    device: str
    detection: FaceDetection
    alignment: FaceAlignment
    faces: FaceRecogniser
    objects: ObjectRecogniser

    def close(self) -> None:
        """End their threads, when no frame is worked on any more."""
        self.alignment.close()
        self.detection.close()


def load_networks(config: Config, metrics: ServerMetrics) -> Networks:
    """Load them; disk and processor work, so in a thread.

    Raises DeviceError, ModelError, LandmarkFileError, NetworkFileError and JpegLibraryError.
    """
    device = choose_device(config.engine.device)
    with ThreadPoolExecutor(1) as other_thread, ExitStack() as after_a_failure:
        objects = other_thread.submit(ObjectRecogniser, config, device)
        detection = FaceDetection(config, device, metrics)
        after_a_failure.callback(detection.close)
        alignment = FaceAlignment(config, metrics, device if detection.on_gpu else None)
        after_a_failure.callback(alignment.close)
        faces = FaceRecogniser(config, device, detection, alignment)
        networks = Networks(device, detection, alignment, faces, objects.result())
        after_a_failure.pop_all()
        return networks
