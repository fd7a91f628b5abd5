"""Whether photos can serve as references, found out as the server would. Imports torch."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from prometheus_client import CollectorRegistry

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.devices import choose_device
from iot_facerecognition_server.gallery.builder import GalleryBuilder, PhotoReport
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.gallery.reference_file import ReferenceFile
from iot_facerecognition_server.metrics import ServerMetrics
from iot_facerecognition_server.recognition.alignment import FaceAlignment
from iot_facerecognition_server.recognition.detection import FaceDetection
from iot_facerecognition_server.recognition.faces import FaceRecogniser


def look_at_photos(config: Config, tag: str, photos: Sequence[Path]) -> tuple[PhotoReport, ...]:
    """Build a gallery of nothing but `photos` of `tag` and return what became of each.

    It is built aside, with a cache of its own: the server's holds the known people only. Raises
    DeviceError, ModelError, LandmarkFileError, NetworkFileError and JpegLibraryError.
    """
    with ExitStack() as at_the_end:
        folder = Path(at_the_end.enter_context(tempfile.TemporaryDirectory()))
        aside = ReferenceFile(folder / "faces.json")
        entry = {"tag": tag, "photos": [str(photo.absolute()) for photo in photos]}
        aside.path.write_text(json.dumps([entry]), encoding="utf-8")
        cache = DescriptorCache(folder / "cache", "aside")
        return GalleryBuilder([_reader(config, at_the_end)], cache).build(aside).reports


def _reader(config: Config, at_the_end: ExitStack) -> PhotoReader:
    """Return the server's reader of photos; `at_the_end` ends its threads."""
    device = choose_device(config.engine.device)
    metrics = ServerMetrics(CollectorRegistry())
    detection = FaceDetection(config, device, metrics)
    at_the_end.callback(detection.close)
    alignment = FaceAlignment(config, metrics, None)
    at_the_end.callback(alignment.close)
    return FaceRecogniser(config, device, detection, alignment).make_reader()
