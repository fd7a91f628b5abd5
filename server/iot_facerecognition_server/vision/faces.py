"""Where the faces in a picture are."""

import copy
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_protocol.jpeg_header import UPRIGHT
from iot_facerecognition_server.detection import NATIVE_FACE_SIZE, Detection
from iot_facerecognition_server.third_parties.dlib_detector import by_pose
from iot_facerecognition_server.vision import orientation
from iot_facerecognition_server.vision.frontal_face_detector import frontal_face_detector
from iot_facerecognition_server.vision.jpeg_header import JpegHeader
from iot_facerecognition_server.vision.scaling import rescaled

Found = TypeVar("Found", bound=Detection)

_FRONTAL_SCORE: Final = 2.0
"""Score of HOG from which on a head looks straight into the camera."""
_LEAST_FRONTAL: Final = 0.5
"""How frontal a head is at the limit of what HOG finds, half turned."""


def as_stored(found: Found, header: JpegHeader) -> Found:
    """Return where a face of the upright picture is in the JPEG with `header`, as it is stored."""
    if header.orientation == UPRIGHT:
        return found
    return found.placed(orientation.as_stored(found.box, header.upright_size, header.orientation))


class FaceDetector(Protocol):
    """Finds faces. An instance belongs to one thread."""

    @property
    def colour(self) -> bool:
        """Whether it is better on (h, w, 3) RGB than on grey, which it takes too."""

    def scale_of(self, size: tuple[int, int]) -> float:
        """Return by what it multiplies the sides of a picture before it looks for faces.

        `size` is the picture's (width, height) in pixels.
        """

    def detect(self, picture: NDArray[np.uint8], reduction: float = 1.0) -> list[Detection]:
        """Return the faces in an (h, w) uint8 grey picture, the most certain first.

        A picture that was decoded with its sides times `reduction` needs only the rest of what
        `scale_of` says of the whole one. Boxes are in pixels of the picture as it is given.
        """


class CopyableDetector(FaceDetector, Protocol):
    """A detector that can be had for each thread."""

    def copy(self) -> "CopyableDetector":
        """Return a detector of its own for another thread."""


class HogDetector:
    """dlib's frontal face detector: five linear classifiers over HOG features, on a pyramid.

    It keeps the pyramid's memory between calls and is therefore not thread safe: one for each
    thread. One that has raised is replaced by a new one, for what it kept cannot be trusted. Making
    the first takes 0.4 s, a `copy` 3 ms. The GIL is released while it scans. On grey
    pictures it is as accurate as on RGB and 1.3 times faster or more.
    """

    colour: Final = False

    def __init__(
        self,
        min_face_size: int = NATIVE_FACE_SIZE,
        threshold: float = 0.0,
        kept_in: Path | None = None,
    ) -> None:
        """Find faces of `min_face_size` pixels or more with a score of `threshold` at least.

        Below 80 pixels, the picture is enlarged before the scan and the time grows with the square
        of 80 / `min_face_size`; above, it is reduced and the time falls likewise. The folder
        `kept_in` makes the next start faster.
        """
        if min_face_size < 1:
            raise ValueError(f"a face has at least one pixel, not {min_face_size}")
        self._unused: Any = frontal_face_detector(kept_in)
        self._detector: Any = copy.copy(self._unused)
        self.scale = NATIVE_FACE_SIZE / min_face_size
        self.threshold = threshold
        self._pose: int | None = None

    def copy(self, min_face_size: int | None = None, threshold: float | None = None) -> Self:
        """Return a detector of its own for another thread; for other faces, where that is asked."""
        twin = copy.copy(self)
        twin._detector = copy.copy(self._unused)  # noqa: SLF001 - of the same class
        if min_face_size is not None:
            twin.scale = NATIVE_FACE_SIZE / min_face_size
        if threshold is not None:
            twin.threshold = threshold
        return twin

    def scale_of(self, size: tuple[int, int]) -> float:  # noqa: ARG002 - the same for all
        """Return `scale`."""
        return self.scale

    def poses(self) -> list[Self]:
        """Return, for the thread of this one, a detector for each pose: the place is the `pose`.

        Each finds the faces of one pose as this one does, in less time. Raises DetectorFormatError
        where another dlib writes its detector otherwise.
        """
        detectors = []
        for pose, classifier in enumerate(by_pose(self._unused)):
            twin = copy.copy(self)
            twin._unused, twin._pose = classifier, pose  # noqa: SLF001 - of the same class
            twin._detector = copy.copy(classifier)  # noqa: SLF001
            detectors.append(twin)
        return detectors

    def detect(self, picture: NDArray[np.uint8], reduction: float = 1.0) -> list[Detection]:
        """Return the faces in an (h, w) uint8 grey picture, the most certain first."""
        scanned = rescaled(picture, self.scale / reduction)
        across = picture.shape[1] / scanned.shape[1]
        down = picture.shape[0] / scanned.shape[0]
        try:
            rectangles, scores, poses = self._detector.run(scanned, 0, self.threshold)
        except BaseException:
            self._detector = copy.copy(self._unused)
            raise
        found = [
            Detection(
                _box(rectangle).scaled(across, down).rounded(),
                score,
                pose if self._pose is None else self._pose,
                _frontal(score),
            )
            for rectangle, score, pose in zip(rectangles, scores, poses, strict=True)
        ]
        return sorted(found, key=lambda detection: -detection.score)


def _frontal(score: float) -> float:
    """Return how frontal a head is that HOG gives this score, which falls as it turns."""
    return _LEAST_FRONTAL + (1 - _LEAST_FRONTAL) * min(1.0, max(0.0, score / _FRONTAL_SCORE))


def _box(rectangle: Any) -> Box:
    """Return a `dlib.rectangle`, whose last column and row are inside."""
    return Box(rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1)
