"""A photo that moves as if a camera looked around in it."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from iot_facerecognition_client.sources.interface import SourceError, SourceFrame
from iot_facerecognition_client.sources.jpeg_encoder import JpegEncoder
from iot_facerecognition_client.sources.pacing import Pacer
from iot_facerecognition_client.sources.photos import photo_size, read_photo, shrink_to_fit
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_protocol.records import dataclass

try:
    import numpy as np
    from PIL import Image
except ImportError as error:
    raise SourceError(
        f"moving photos need {error.name}: pip install 'iot-facerecognition[desktop]'"
    ) from None

_SECONDS_PER_MOVE = 2.0


@dataclass(frozen=True, slots=True)
class PhotoView:
    """The part of a photo that a frame shows: `box` is in pixels of the upright photo."""

    photo: Path
    box: Box


class MovingPhoto:
    """Pans and zooms smoothly over photos, one after the other, without end.

    The way is a function of `seed`, photos, `size` and frame number alone, so what a frame shows is
    known: `view` says it and `frames` makes it without waiting. Live, the frame number follows the
    clock as a camera would. On each photo the view begins and ends with the largest part that has
    the proportions of `size`; in between it moves every two seconds to a random part, down to
    `closest` times the largest. Every view it moves to holds the photo's area in `keep`, or what
    fits of it; without one, the upper middle, where photos of people have their faces.
    """

    def __init__(
        self,
        photos: Sequence[Path],
        *,
        size: tuple[int, int] = (640, 480),
        fps: float = 15.0,
        quality: int = 80,
        seed: int = 0,
        closest: float = 0.6,
        seconds_per_photo: float = 8.0,
        keep: Mapping[Path, Box] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the sizes of `photos`. Raises SourceError for one that cannot be read, or none."""
        if not photos:
            raise SourceError("no photos were named")
        if not 0 < closest <= 1:
            raise SourceError(f"closest is a part of the photo, above 0 up to 1, not {closest}")
        self._photos = [(path, photo_size(path)) for path in photos]
        self._keep = keep or {}
        self._size = size
        self._fps = fps
        self._seed = seed
        self._closest = closest
        self._moves = max(2, round(seconds_per_photo / _SECONDS_PER_MOVE))
        self._clock = clock
        self._pacer = Pacer(fps, clock)
        self._encoder = JpegEncoder(quality)
        self._images: dict[Path, Image.Image] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every frame."""
        return self._size

    def start(self) -> None:
        """Begin, or go on after the last frame."""
        self._pacer.start()

    def stop(self) -> None:
        """Let `next_frame` return None soon."""
        self._pacer.stop()

    def next_frame(self) -> SourceFrame | None:
        """Wait for the next frame's time; frames for which there was no time are left out."""
        index = self._pacer.tick()
        if index is None:
            return None
        captured = self._clock()
        return SourceFrame(self.jpeg(index), captured, index, self._size, self._visit(index)[0])

    def frames(self, count: int, start: int = 0) -> list[bytes]:
        """Return `count` JPEGs from frame number `start` on, without waiting."""
        return [self.jpeg(index) for index in range(start, start + count)]

    def jpeg(self, index: int) -> bytes:
        """Return frame `index`. Raises SourceError when the photo cannot be read."""
        view = self.view(index)
        image, scale = self._image(view.photo)
        part = view.box.scaled(scale, scale)
        # Rounding must not lead beyond the photo.
        box = (part.left, part.top, min(part.right, image.width), min(part.bottom, image.height))
        shown = image.resize(self._size, Image.Resampling.BILINEAR, box=box)
        return self._encoder.encode(np.asarray(shown), "RGB")

    def view(self, index: int) -> PhotoView:
        """Return what frame `index` (from 0) shows."""
        visit, move = self._visit(index)
        path, size = self._photos[visit % len(self._photos)]
        places = self._places(visit, size, self._keep.get(path) or _usual_face(size))
        begin, progress = int(move), move % 1.0
        eased = (1 - math.cos(math.pi * progress)) / 2
        left, top, width = (
            a + (b - a) * eased for a, b in zip(places[begin], places[begin + 1], strict=True)
        )
        return PhotoView(path, Box.at(left, top, width, width * self._size[1] / self._size[0]))

    def _visit(self, index: int) -> tuple[int, float]:
        """Return which photo frame `index` shows, counted from 0, and the moves made over it."""
        visit, move = divmod(index / self._fps / _SECONDS_PER_MOVE, self._moves)
        return int(visit), move

    def _places(
        self, visit: int, size: tuple[int, int], keep: Box
    ) -> list[tuple[float, float, float]]:
        """Return left, top and width of the view before and after each move over one photo."""
        aspect = self._size[0] / self._size[1]
        largest = min(float(size[0]), size[1] * aspect)
        closest = min(max(self._closest * largest, keep.width, keep.height * aspect), largest)

        def place(width: float, across: float, down: float) -> tuple[float, float, float]:
            left = _position(width, (keep.left, keep.width), size[0], across)
            top = _position(width / aspect, (keep.top, keep.height), size[1], down)
            return left, top, width

        random = Random(f"{self._seed}/{visit}")  # noqa: S311 - has to be repeatable
        whole = place(largest, 0.5, 0.5)
        between = [
            place(random.uniform(closest, largest), random.random(), random.random())
            for _ in range(self._moves - 1)
        ]
        return [whole, *between, whole]

    def _image(self, path: Path) -> tuple[Image.Image, float]:
        """Return the photo, reduced to what frames need, and its scale."""
        image = self._images.get(path)
        if image is None:
            # No larger than what the closest view can show, or every frame would pay for it.
            image = _reduced(read_photo(path), self._size, 1 / self._closest)
            self._images[path] = image
        full = next(size for photo, size in self._photos if photo == path)
        return image, image.width / full[0]


def _reduced(image: Image.Image, size: tuple[int, int], factor: float) -> Image.Image:
    """Return `image` no larger than it takes to cover a frame of `factor` times `size`."""
    scale = max(size[0] / image.width, size[1] / image.height) * factor
    most = (math.ceil(image.width * scale), math.ceil(image.height * scale))
    return shrink_to_fit(image, most)


def _usual_face(size: tuple[int, int]) -> Box:
    """Return where a photo of a person has the face, as five of the demo's photos have it."""
    side = 0.3 * min(size)
    return Box.at(size[0] / 2 - side / 2, max(0.0, 0.22 * size[1] - side / 2), side, side)


def _position(length: float, keep: tuple[float, float], whole: float, share: float) -> float:
    """Return where a view of `length` begins, at `share` (0 to 1) of the room that it has.

    It stays within `whole` and holds `keep` (begin and length), or the middle of it.
    """
    begin, kept = keep
    if kept > length:
        begin, kept = begin + (kept - length) / 2, length
    first = min(max(0.0, begin + kept - length), whole - length)
    last = max(first, min(begin, whole - length))
    return first + (last - first) * share
