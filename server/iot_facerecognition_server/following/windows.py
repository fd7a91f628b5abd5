"""Small searches: a part of a frame, resized so that the expected face is easy to find."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.following.box import Box
from iot_facerecognition_server.following.sighting import Sighting
from iot_facerecognition_server.vision.face_poses import DetectorFormatError
from iot_facerecognition_server.vision.faces import (
    NATIVE_FACE_SIZE,
    Detection,
    FaceDetector,
    HogDetector,
)
from iot_facerecognition_server.vision.scaling import resized

_log = logging.getLogger(__name__)

FACE_SIZE: Final = 90
"""Side in pixels to which larger faces are brought before their sharpness is compared."""
_PYRAMID: Final = 6 / 5
"""Ratio of two sizes in dlib's detector's pyramid."""
_SMALLEST_BOX: Final = 73
"""Side in pixels of the boxes that dlib's detector gives at the lowest level of its pyramid."""
_LEVELS_BELOW: Final = 2
"""Levels of the pyramid below the expected face's own at which every pose is sought: where one pose
was not found clearly, the face may have become smaller as well."""
_CELL: Final = 8
"""Pixels of a HOG cell."""
HELD_SCORE: Final = -0.15
"""Score from which on a face counts where one is expected, while 0 is asked of newcomers.

At the detector's limit the score of a face that stays changes by more from frame to frame: by where
the cells of the HOG fall on it (docs/decisions/following.md).
"""
_LEAST_SEEN: Final = 0.6
"""Part of a face that must be in a window."""
_SHARED_GRID: Final = 48
"""Pixels after which the cells of the pyramid's two lowest levels begin together."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a frame to be searched, its sides multiplied by `scale` before.

    `left` and `top` are inside, `right` and `bottom` just outside, all within the frame. Faces of
    one `pose` are sought, of every pose with None.
    """

    left: int
    top: int
    right: int
    bottom: int
    scale: float
    pose: int | None = None

    @property
    def box(self) -> Box:
        """Its rectangle."""
        return Box(self.left, self.top, self.right, self.bottom)

    @property
    def cost(self) -> float:
        """Pixels that are scanned."""
        return (self.right - self.left) * (self.bottom - self.top) * self.scale**2


def face_window(
    expected: Box,
    reach: float,
    frame: tuple[int, int],
    min_face_size: int,
    pose: int | None = None,
) -> Window | None:
    """Return where a face is found that is within `reach` pixels of `expected`.

    The window is resized to a level of the pyramid that a scan of the whole `frame` (width, height)
    for faces from `min_face_size` pixels on would make: to that of the expected face when only its
    `pose` is sought, else `_LEVELS_BELOW` it. It begins where a cell of the next lower level does,
    which of all was measured to miss the least: so it finds what the scan would find, in boxes of
    the same sizes. None where no face fits in.
    """
    lowest = NATIVE_FACE_SIZE / min_face_size
    level = max(0, floor(log(expected.width * lowest / _SMALLEST_BOX, _PYRAMID)))
    scale = lowest / _PYRAMID ** max(0, level - (0 if pose is not None else _LEVELS_BELOW))
    cell = _CELL * _PYRAMID ** max(0, level - 1) / lowest
    return _window(expected.grown(reach), frame, scale, cell, pose)


def region_window(box: Box, frame: tuple[int, int], min_face_size: int) -> Window | None:
    """Return where every face in `box` is found, however small; None where none fits in."""
    scale = NATIVE_FACE_SIZE / min_face_size
    return _window(box, frame, scale, _SHARED_GRID / scale)


def _window(
    box: Box, frame: tuple[int, int], scale: float, grid: float, pose: int | None = None
) -> Window | None:
    """Return `box` within `frame`, its upper left corner moved up and left to the `grid`."""
    width, height = frame
    window = Window(
        round(max(0, box.left // grid) * grid),
        round(max(0, box.top // grid) * grid),
        min(width, int(box.right) + 1),
        min(height, int(box.bottom) + 1),
        scale,
        pose,
    )
    sides = window.right - window.left, window.bottom - window.top
    # The detector sees over an edge by a good third of a face.
    return window if min(sides) * scale >= _LEAST_SEEN * NATIVE_FACE_SIZE else None


def window_detector(detector: HogDetector) -> HogDetector:
    """Return a copy of `detector` for windows, which are resized and hold faces that are known."""
    return detector.copy(NATIVE_FACE_SIZE, HELD_SCORE)


class WindowSearcher:
    """Looks for faces in windows of grey pictures. An instance belongs to one thread."""

    def __init__(self, every_pose: FaceDetector, poses: Sequence[FaceDetector]) -> None:
        """Search with `every_pose`, which `window_detector` makes, or with one of its `poses`.

        Without `poses`, every one is sought in all windows.
        """
        self._every_pose = every_pose
        self._poses = poses

    @classmethod
    def like(
        cls,
        detector: HogDetector,
        wrapped: Callable[[FaceDetector], FaceDetector] = lambda detector: detector,
    ) -> Self:
        """Return a searcher with copies of `detector`, each of which is first `wrapped`."""
        every_pose = window_detector(detector)
        try:
            poses = every_pose.poses()
        except DetectorFormatError as error:
            _log.warning("Following takes longer: dlib's detector is not as it was (%s)", error)
            poses = []
        return cls(wrapped(every_pose), [wrapped(pose) for pose in poses])

    def search(
        self, grey: NDArray[np.uint8], window: Window, reduction: float = 1.0
    ) -> list[Sighting]:
        """Return the faces in `window`, in pixels of the frame.

        `grey` is the frame, (h, w) uint8, with its sides divided by `reduction`.
        """
        left, top = int(window.left / reduction), int(window.top / reduction)
        part = grey[top : int(window.bottom / reduction), left : int(window.right / reduction)]
        scale = window.scale * reduction
        scanned = np.ascontiguousarray(part) if scale == 1 else resized(part, scale)
        across = part.shape[1] / scanned.shape[1] * reduction
        down = part.shape[0] / scanned.shape[0] * reduction
        detector = self._every_pose
        if window.pose is not None and self._poses:
            detector = self._poses[window.pose]
        return [
            Sighting(
                _moved(found.scaled(across, down), window.left, window.top),
                sharpness(scanned, found),
            )
            for found in detector.detect(scanned)
        ]


def sharpness(grey: NDArray[np.uint8], face: Detection) -> float:
    """Return the mean absolute Laplacian of `face` in `grey`, in grey levels.

    The face is first brought down to about `FACE_SIZE` pixels, to compare near and far ones.
    """
    part = grey[max(0, face.top) : face.bottom, max(0, face.left) : face.right]
    if part.shape[1] > 1.5 * FACE_SIZE:
        part = resized(part, FACE_SIZE / part.shape[1])
    if min(part.shape) < 3:  # noqa: PLR2004 - the size of the Laplacian's kernel
        return 0.0
    values = part.astype(np.int16)
    middle = values[1:-1, 1:-1]
    around = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    return float(np.abs(4 * middle - around).mean())


def _moved(found: Detection, across: int, down: int) -> Detection:
    return Detection(
        found.left + across,
        found.top + down,
        found.right + across,
        found.bottom + down,
        found.score,
        found.pose,
    )
