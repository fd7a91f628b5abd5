"""From a reference file to a gallery."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache, PhotoFaces
from iot_facerecognition_server.gallery.gallery import DEFAULT_THRESHOLD, DESCRIPTOR_SIZE, Gallery
from iot_facerecognition_server.gallery.photo import PhotoError, decode_photo, read_photo
from iot_facerecognition_server.gallery.reference_file import ReferenceFile
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.faces import Detection, FaceDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.scaling import luma, resized

SCANNED_SIDE: Final = 1280
"""Longer side in pixels at which a photo is searched first; at full size only if that finds none.

A portrait's face is far above the detector's 80 pixels even so, and the scan is ten times faster.
"""

Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Chips, (N, S, S, 3) uint8, to descriptors, (N, 128) float32."""
Progress = Callable[[int, int], None]
"""Takes how many photos are done, and how many there are."""


class PhotoStatus(StrEnum):
    """What became of a reference photo."""

    USED = "used"
    SEVERAL_FACES = "several faces"
    """The largest one is used."""
    NO_FACE = "no face"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What became of one photo of the person `tag`; `message` says it in a sentence."""

    tag: str
    photo: Path
    status: PhotoStatus
    message: str

    @property
    def used(self) -> bool:
        """Whether the photo is a reference now."""
        return self.status in {PhotoStatus.USED, PhotoStatus.SEVERAL_FACES}


@dataclass(frozen=True, slots=True)
class BuiltGallery:
    """A gallery, and a report for each photo in the order of the reference file."""

    gallery: Gallery
    reports: tuple[PhotoReport, ...]

    @property
    def problems(self) -> tuple[PhotoReport, ...]:
        """The reports that a person should see."""
        return tuple(report for report in self.reports if report.status is not PhotoStatus.USED)


class GalleryBuilder:
    """Finds and describes the face on each reference photo, or takes it from the cache.

    A photo that cannot be used is reported and does not stop the others. One builder belongs to one
    thread, as its decoder and detector do.
    """

    def __init__(
        self,
        decoder: JpegDecoder,
        detector: FaceDetector,
        aligner: FaceAligner,
        describe: Describe,
        cache: DescriptorCache,
        *,
        threshold: float = DEFAULT_THRESHOLD,
    ) -> None:
        self._decoder = decoder
        self._detector = detector
        self._aligner = aligner
        self._describe = describe
        self._cache = cache
        self._threshold = threshold

    def build(self, references: ReferenceFile, progress: Progress | None = None) -> BuiltGallery:
        """Return the gallery of `references`. Raises ReferenceFileError for the file itself."""
        listed = [
            (reference.tag, references.locate(photo))
            for reference in references.load()
            for photo in reference.photos
        ]
        tags: list[str] = []
        descriptors: list[NDArray[np.float32]] = []
        reports: list[PhotoReport] = []
        keys: set[str] = set()
        for tag, photo in listed:
            report, descriptor = self._reference(tag, photo, keys)
            reports.append(report)
            if descriptor is not None:
                tags.append(tag)
                descriptors.append(descriptor)
            if progress is not None:
                progress(len(reports), len(listed))
        self._cache.keep_only(keys)
        rows = np.stack(descriptors) if descriptors else np.empty((0, DESCRIPTOR_SIZE), np.float32)
        return BuiltGallery(Gallery(tags, rows, self._threshold), tuple(reports))

    def _reference(
        self, tag: str, photo: Path, keys: set[str]
    ) -> tuple[PhotoReport, NDArray[np.float32] | None]:
        """Return what became of a photo, and its descriptor; add its key in the cache to `keys`."""
        try:
            content = read_photo(photo)
            key = self._cache.key(content)
            keys.add(key)
            faces = self._cache.get(key)
            if faces is None:
                faces = self._faces(content, photo)
                self._cache.put(key, faces)
        except FileNotFoundError:
            message = f"{photo} of {tag} does not exist"
            return PhotoReport(tag, photo, PhotoStatus.MISSING, message), None
        except PhotoError as error:
            message = f"{photo} of {tag} cannot be used: {error}"
            return PhotoReport(tag, photo, PhotoStatus.UNREADABLE, message), None
        if not faces.count:
            status, message = PhotoStatus.NO_FACE, "shows no face; take a frontal, larger one"
        elif faces.count > 1:
            status = PhotoStatus.SEVERAL_FACES
            message = f"shows {faces.count} faces, the largest is used"
        else:
            status, message = PhotoStatus.USED, "is used"
        return PhotoReport(tag, photo, status, f"{photo} of {tag} {message}"), faces.descriptor

    def _faces(self, content: bytes, photo: Path) -> PhotoFaces:
        """Find and describe the largest face on a photo. Raises PhotoError."""
        picture = decode_photo(content, photo, self._decoder)
        found = self._detect(picture if self._detector.colour else luma(picture))
        if not found:
            return PhotoFaces(0, None)
        largest = max(found, key=lambda detection: detection.area)
        chip = self._aligner.chip(picture, largest)
        return PhotoFaces(len(found), self._describe(chip[np.newaxis])[0])

    def _detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces on a photo, searched at `SCANNED_SIDE` first."""
        scale = SCANNED_SIDE / max(picture.shape[:2])
        if scale < 1:
            found = self._detector.detect(resized(picture, scale))
            if found:
                return [detection.scaled(1 / scale) for detection in found]
        return self._detector.detect(picture)
