"""Whether photos can serve as references, found out as the server would. Imports torch."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.gallery.builder import GalleryBuilder, PhotoReport
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.gallery.reference_file import ReferenceFile
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder


def look_at_photos(config: Config, tag: str, photos: Sequence[Path]) -> tuple[PhotoReport, ...]:
    """Build a gallery of nothing but `photos` of `tag` and return what became of each.

    It is built aside, with a cache of its own: the server's holds the known people only. Raises
    ModelError, LandmarkFileError, NetworkFileError and JpegLibraryError.
    """
    settings = config.dlib
    store = ModelStore(config.model_cache)
    landmarks = store.resolve(LANDMARKS, settings.face_landmark_model_file)
    weights = store.resolve(FACE_DESCRIPTOR, settings.face_recognition_model_file)
    with tempfile.TemporaryDirectory() as folder:
        aside = ReferenceFile(Path(folder) / "faces.json")
        entry = {"tag": tag, "photos": [str(photo.absolute()) for photo in photos]}
        aside.path.write_text(json.dumps([entry]), encoding="utf-8")
        reader = PhotoReader(
            JpegDecoder(),
            HogDetector(kept_in=config.model_cache),
            FaceAligner(landmarks, settings.face_detail_size, settings.face_padding),
            FaceDescriptorNetwork.load(weights).describe,
        )
        cache = DescriptorCache(Path(folder) / "cache", "aside")
        return GalleryBuilder([reader], cache).build(aside).reports
