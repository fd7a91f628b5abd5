"""The models of face recognition, and the gallery that is made with them."""

import hashlib
import logging
from pathlib import Path

from prometheus_client import Histogram

from iot_facerecognition_server.assembly.alignment import FaceAlignment
from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.assembly.picture_limits import jpeg_limits
from iot_facerecognition_server.assembly.tracking import make_searcher
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.gallery.builder import GalleryBuilder, look_at
from iot_facerecognition_server.gallery.change import fingerprint
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.gallery.photo_reader import PHOTO_READING, PhotoReader
from iot_facerecognition_server.gallery.photo_report import PhotoReport
from iot_facerecognition_server.gallery.reference_file import (
    ReferenceFile,
    ReferenceFileMissingError,
)
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.precision import choose_precision
from iot_facerecognition_server.observability.stages import (
    TimedAligner,
    TimedDecoder,
    TimedDetector,
)
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.jpeg import JpegDecoder

_log = logging.getLogger(__name__)


class FaceRecogniser:
    """The descriptor network, shared by all; makes scanners and galleries."""

    def __init__(
        self, config: Config, device: str, detection: FaceDetection, alignment: FaceAlignment
    ) -> None:
        """Load the network. Raises ModelError and NetworkFileError."""
        store = ModelStore(config.model_cache)
        dlib_settings = config.dlib
        self._config = config
        self._detection = detection
        self._references = ReferenceFile(dlib_settings.reference_file)
        self._alignment = alignment
        weights = store.resolve(FACE_DESCRIPTOR, dlib_settings.face_recognition_model_file)
        self.weights_hash = hashlib.sha256(weights.read_bytes()).hexdigest()
        self.precision = choose_precision(config.engine.precision, device)
        self.network = FaceDescriptorNetwork.load(weights, device, self.precision)
        _log.info("face descriptors on %s in %s, from %s", device, self.precision, weights)

    def make_scanner(self, seconds: Histogram) -> FaceScanner:
        """Return a scanner for one thread; `seconds` takes the time of each stage."""
        return FaceScanner(
            TimedDecoder(JpegDecoder(), seconds),
            TimedDetector(self._detection.detector.copy(), seconds),
            TimedAligner(self._alignment.for_frames, seconds),
            jpeg_limits(self._config),
        )

    def make_searcher(self, seconds: Histogram) -> FrameSearcher:
        """Return what one thread tracks faces with; `seconds` takes the time of each stage."""
        return make_searcher(
            self._detection.detector,
            lambda detector: TimedDetector(detector, seconds),
            TimedDecoder(JpegDecoder(), seconds),
            TimedAligner(self._alignment.for_frames, seconds),
            jpeg_limits(self._config),
        )

    def make_reader(self) -> PhotoReader:
        """Return what finds the face on a photo, for one thread."""
        return PhotoReader(
            JpegDecoder(),
            self._detection.detector.copy(),
            self._alignment.for_photos,
            self.network.describe,
        )

    def look_at(self, tag: str, photo: Path) -> PhotoReport:
        """Return whether a photo can be a reference of the person `tag`; disk and network work.

        It decides as `build_gallery` does, and keeps nothing. May be called on any thread.
        """
        return look_at(tag, photo, self.make_reader().faces)[0]

    def fingerprint(self) -> str:
        """Return a text that changes with the reference file and its photos. Disk work."""
        return fingerprint(self._references)

    def build_gallery(self, threads: int = 1) -> Gallery:
        """Return the gallery of the reference file as it is now; disk and network work.

        It takes `threads` of the processor: one next to a working server.

        A reference file that is missing gives an empty gallery and a line in the log, entries and
        photos that cannot be used a line each. Raises ReferenceFileError for a damaged file.
        """
        config = self._config
        settings = config.dlib
        recipe = (
            f"{self.weights_hash} {settings.face_detail_size} {settings.face_padding}"
            f" {self._detection.min_face_size} {self._detection.name} {PHOTO_READING}"
        )
        builder = GalleryBuilder(
            [self.make_reader() for _ in range(threads)],
            DescriptorCache(config.descriptor_cache, recipe),
            threshold=settings.threshold,
        )
        try:
            built = builder.build(self._references)
        except ReferenceFileMissingError as error:
            _log.warning("no people enrolled: %s", error)
            return Gallery.empty(settings.threshold)
        for problem in (*built.refused, *(report.message for report in built.problems)):
            _log.warning("%s", problem)
        gallery = built.gallery
        _log.info("%d people, %d reference photos", len(gallery.people), len(gallery))
        return gallery
