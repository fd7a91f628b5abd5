"""A video file, through OpenCV."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iot_facerecognition_client.sources.interface import SourceError, SourceFrame
from iot_facerecognition_client.sources.jpeg_encoder import JpegEncoder
from iot_facerecognition_client.sources.opencv import load_opencv
from iot_facerecognition_client.sources.pacing import Pacer

_USUAL_FPS = 25.0
"""For files that do not tell theirs."""


class VideoFile:
    """Plays a video at its own rate, or at `fps`, once or over and over.

    Every frame is shown: a machine that is too slow plays it slower. Frames larger than `size` are
    made to fit with their proportions kept.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        quality: int = 80,
        repeat: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open `path`. Raises SourceError."""
        self._cv2 = load_opencv("a video file")
        self._path = path
        self._limit = size
        self._repeat = repeat
        self._clock = clock
        self._encoder = JpegEncoder(quality)
        self._video: Any = self._cv2.VideoCapture(str(path))
        if not path.is_file() or not self._video.isOpened():
            raise SourceError(f"{path} cannot be played as a video")
        own_fps = self._video.get(self._cv2.CAP_PROP_FPS)
        self._pacer = Pacer(fps or (own_fps if own_fps > 0 else _USUAL_FPS), clock)
        self._index = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames."""
        return self._fitted(
            int(self._video.get(self._cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._video.get(self._cv2.CAP_PROP_FRAME_HEIGHT)),
        )

    def start(self) -> None:
        """Begin, or go on after the last frame."""
        self._pacer.start()

    def stop(self) -> None:
        """Let `next_frame` return None soon."""
        self._pacer.stop()

    def next_frame(self) -> SourceFrame | None:
        """Wait for the next frame's time. Raises SourceError for a video without any frame."""
        if self._pacer.tick() is None:
            return None
        captured = self._clock()
        good, pixels = self._video.read()
        if not good:
            if not self._index:
                raise SourceError(f"{self._path} holds no frame that can be decoded")
            self._video.set(self._cv2.CAP_PROP_POS_FRAMES, 0)
            if not self._repeat:
                return None
            good, pixels = self._video.read()
            if not good:
                raise SourceError(f"{self._path} cannot be played again from its begin")
        return self._encode(pixels, captured)

    def _encode(self, pixels: Any, captured: float) -> SourceFrame:
        height, width = pixels.shape[:2]
        size = self._fitted(width, height)
        if size != (width, height):
            pixels = self._cv2.resize(pixels, size, interpolation=self._cv2.INTER_AREA)
        index, self._index = self._index, self._index + 1
        return SourceFrame(self._encoder.encode(pixels, "BGR"), captured, index, size)

    def _fitted(self, width: int, height: int) -> tuple[int, int]:
        if self._limit is None:
            return width, height
        scale = min(1.0, self._limit[0] / width, self._limit[1] / height)
        return max(1, round(width * scale)), max(1, round(height * scale))
