"""A folder or list of images, shown one after the other."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from iot_facerecognition_client.jpeg import read_jpeg_header
from iot_facerecognition_client.sources.interface import SourceError, SourceFrame
from iot_facerecognition_client.sources.pacing import Pacer
from iot_facerecognition_protocol.jpeg_header import UPRIGHT

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})

_KEPT = 256
"""Encoded images kept in memory, so that a repeated one costs nothing."""

_log = logging.getLogger(__name__)

_Encoded = tuple[bytes, tuple[int, int]]


def images_in(folder: Path) -> list[Path]:
    """Return the image files of `folder` by name. Raises SourceError where there are none."""
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        raise SourceError(f"folder {folder} holds no images ({kinds})")
    return found


class Pictures:
    """Shows images at `fps`, each for `seconds_per_picture`, over and over when `repeat`.

    As long as an image is shown it is sent again and again, as a camera before it would. With 0
    seconds each frame is the next image.

    An upright JPEG no larger than `size` is passed on byte by byte, and needs no library. Others
    are turned upright, made to fit and encoded. One that cannot be read is passed over with a
    warning; when that is so for all of them, it is an error.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        size: tuple[int, int] | None = None,
        fps: float = 15.0,
        quality: int = 80,
        repeat: bool = True,
        seconds_per_picture: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show `paths` in this order. Raises SourceError without any."""
        if not paths:
            raise SourceError("no images were named")
        self._left = list(paths)
        self._size = size
        self._quality = quality
        self._repeat = repeat
        self._seconds = seconds_per_picture
        self._shown: tuple[Path, _Encoded] | None = None
        self._shown_until = 0.0
        self._view = 0
        self._clock = clock
        self._pacer = Pacer(fps, clock)
        self._at = 0
        self._delivered = 0
        self._encoded: dict[Path, _Encoded] = {}

    @property
    def size(self) -> tuple[int, int]:
        """The size asked for, else that of the next image. Raises SourceError."""
        if self._size is not None:
            return self._size
        return self._read(self._left[self._at % len(self._left)])[1]

    def start(self) -> None:
        """Begin, or go on after the last image."""
        self._pacer.start()

    def stop(self) -> None:
        """Let `next_frame` return None soon."""
        self._pacer.stop()

    def next_frame(self) -> SourceFrame | None:
        """Wait for the next image's turn. Raises SourceError when none can be read."""
        if self._pacer.tick() is None:
            return None
        now = self._clock()
        if self._shown is not None and now < self._shown_until:
            return self._frame(*self._shown[1])
        while self._at < len(self._left) or (self._repeat and self._left):
            self._at %= len(self._left)
            path = self._left[self._at]
            try:
                encoded = self._read(path)
            except SourceError as error:
                _log.warning("%s", error)
                self._left.remove(path)
                continue
            self._at += 1
            self._view += self._shown is None or path != self._shown[0]
            self._shown, self._shown_until = (path, encoded), now + self._seconds
            return self._frame(*encoded)
        if not self._left:
            raise SourceError("none of the images can be read")
        self._at, self._shown = 0, None
        return None

    def _frame(self, jpeg: bytes, size: tuple[int, int]) -> SourceFrame:
        index, self._delivered = self._delivered, self._delivered + 1
        return SourceFrame(jpeg, self._clock(), index, size, self._view)

    def _read(self, path: Path) -> _Encoded:
        kept = self._encoded.get(path)
        if kept is None:
            kept = _fitting_jpeg(path, self._size) or self._encode(path)
            if len(self._encoded) < _KEPT:
                self._encoded[path] = kept
        return kept

    def _encode(self, path: Path) -> _Encoded:
        # Pillow and libjpeg-turbo are needed from here on only.
        import numpy as np  # noqa: PLC0415

        from iot_facerecognition_client.sources.jpeg_encoder import JpegEncoder  # noqa: PLC0415
        from iot_facerecognition_client.sources.photos import (  # noqa: PLC0415
            read_photo,
            shrink_to_fit,
        )

        image = read_photo(path)
        if self._size is not None:
            image = shrink_to_fit(image, self._size)
        return JpegEncoder(self._quality).encode(np.asarray(image), "RGB"), image.size


def _fitting_jpeg(path: Path, size: tuple[int, int] | None) -> _Encoded | None:
    """Return the file as it is when it is an upright JPEG within `size`, else None."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    try:
        header = read_jpeg_header(data)
    except ValueError:
        return None
    fits = size is None or (header.width <= size[0] and header.height <= size[1])
    kept = fits and header.orientation == UPRIGHT
    return (data, (header.width, header.height)) if kept else None
