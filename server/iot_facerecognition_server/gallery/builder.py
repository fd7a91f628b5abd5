"""From a reference file to a gallery."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.frames import DESCRIPTOR_SIZE
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache, PhotoFaces
from iot_facerecognition_server.gallery.gallery import DEFAULT_THRESHOLD, Gallery
from iot_facerecognition_server.gallery.photo_file import PhotoError, read_photo
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.gallery.photo_report import PhotoReport, PhotoStatus
from iot_facerecognition_server.gallery.reference_file import ReferenceFile

Progress = Callable[[int, int], None]
"""Takes how many photos are done, and how many there are."""
Look = Callable[[bytes], PhotoFaces]
"""Takes the content of a photo's file and returns its faces. May raise PhotoError."""


@dataclass(frozen=True, slots=True)
class BuiltGallery:
    """A gallery, and a report for each photo in the order of the reference file.

    `refused` has a sentence for each entry of the file that cannot be used.
    """

    gallery: Gallery
    reports: tuple[PhotoReport, ...]
    refused: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[PhotoReport, ...]:
        """The reports that a person should see."""
        return tuple(report for report in self.reports if report.status is not PhotoStatus.USED)


@dataclass(frozen=True, slots=True)
class _Reference:
    """What became of a photo; `key` is the one of its descriptor in the cache, if there is one."""

    report: PhotoReport
    descriptor: NDArray[np.float32] | None = None
    key: str | None = None


class GalleryBuilder:
    """Has the face on each reference photo found and described, or takes it from the cache.

    A photo that cannot be used is reported and does not stop the others.
    """

    def __init__(
        self,
        readers: Sequence[PhotoReader],
        cache: DescriptorCache,
        *,
        threshold: float = DEFAULT_THRESHOLD,
    ) -> None:
        """Look at as many photos at a time as there are `readers`, one or more."""
        self._readers: SimpleQueue[PhotoReader] = SimpleQueue()
        for reader in readers:
            self._readers.put(reader)
        self._threads = len(readers)
        self._cache = cache
        self._threshold = threshold

    def build(self, references: ReferenceFile, progress: Progress | None = None) -> BuiltGallery:
        """Return the gallery of `references`. Raises ReferenceFileError for the file itself."""
        read = references.read()
        listed = [
            (reference.tag, references.locate(photo))
            for reference in read.people
            for photo in reference.photos
        ]
        found: list[_Reference] = []
        with ThreadPoolExecutor(self._threads, "photos") as threads:
            for reference in threads.map(lambda one: self._reference(*one), listed):
                found.append(reference)
                if progress is not None:
                    progress(len(found), len(listed))
        self._cache.keep_only({one.key for one in found if one.key is not None})
        usable = [one for one in found if one.descriptor is not None]
        rows = [one.descriptor for one in usable if one.descriptor is not None]
        gallery = Gallery(
            [one.report.tag for one in usable],
            np.stack(rows) if rows else np.empty((0, DESCRIPTOR_SIZE), np.float32),
            self._threshold,
        )
        return BuiltGallery(gallery, tuple(one.report for one in found), read.problems)

    def _reference(self, tag: str, photo: Path) -> _Reference:
        key = None

        def look(content: bytes) -> PhotoFaces:
            nonlocal key
            key = self._cache.key(content)
            faces = self._cache.get(key)
            if faces is None:
                faces = self._read(content)
                self._cache.put(key, faces)
            return faces

        report, faces = look_at(tag, photo, look)
        return _Reference(report, None if faces is None else faces.descriptor, key)

    def _read(self, content: bytes) -> PhotoFaces:
        reader = self._readers.get()
        try:
            return reader.faces(content)
        finally:
            self._readers.put(reader)


def look_at(tag: str, photo: Path, look: Look) -> tuple[PhotoReport, PhotoFaces | None]:
    """Return what becomes of a photo of the person `tag`, and its faces if it can be read."""
    try:
        faces = look(read_photo(photo))
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
    return PhotoReport(tag, photo, status, f"{photo} of {tag} {message}"), faces
