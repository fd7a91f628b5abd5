"""A camera of this machine, through OpenCV."""

import threading
import time
from collections.abc import Callable
from typing import Any

from iot_facerecognition_client.sources.interface import SourceError, SourceFrame
from iot_facerecognition_client.sources.jpeg_encoder import JpegEncoder
from iot_facerecognition_client.sources.opencv import load_opencv


class Webcam:
    """Captures at `capture_size`, or what the camera has next to it, and sends at `size`.

    With `fps`, frames that come faster are left out.
    """

    def __init__(
        self,
        device: int = 0,
        *,
        capture_size: tuple[int, int] = (1280, 720),
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        quality: int = 80,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare camera number `device`; `start` opens it. Raises SourceError without OpenCV."""
        self._cv2 = load_opencv("a webcam")
        self._device = device
        self._capture_size = capture_size
        self._size = size
        self._period = 1 / fps if fps else 0.0
        self._clock = clock
        self._encoder = JpegEncoder(quality)
        self._stopped = threading.Event()
        self._camera: Any = None
        self._index = 0
        self._due = 0.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, as far as the camera obeys."""
        return self._size or self._capture_size

    def start(self) -> None:
        """Open the camera, unless it still is. Raises SourceError."""
        self._stopped.clear()
        if self._camera is not None:
            return
        camera = self._cv2.VideoCapture(self._device)
        if not camera.isOpened():
            camera.release()
            raise SourceError(
                f"camera {self._device} cannot be opened: is it plugged in, and not in use by "
                "another program? Other cameras are --source webcam:1 and so on; without one, "
                "--source FOLDER shows images"
            )
        # USB cameras deliver large pictures fast enough as Motion JPEG only.
        camera.set(self._cv2.CAP_PROP_FOURCC, self._cv2.VideoWriter.fourcc(*"MJPG"))
        camera.set(self._cv2.CAP_PROP_FRAME_WIDTH, self._capture_size[0])
        camera.set(self._cv2.CAP_PROP_FRAME_HEIGHT, self._capture_size[1])
        camera.set(self._cv2.CAP_PROP_BUFFERSIZE, 1)
        self._camera = camera

    def stop(self) -> None:
        """Let `next_frame` release the camera and return None."""
        self._stopped.set()

    def next_frame(self) -> SourceFrame | None:
        """Wait for the camera's next frame. Raises SourceError when it stops delivering."""
        while not self._stopped.is_set():
            good = self._camera.grab()
            captured = self._clock()
            if not good:
                self._release()
                raise SourceError(
                    f"camera {self._device} stopped delivering pictures: was it unplugged?"
                )
            if captured >= self._due:
                late = captured - self._due >= self._period
                self._due = (captured if late else self._due) + self._period
                return self._encode(captured)
        self._release()
        return None

    def _encode(self, captured: float) -> SourceFrame:
        good, pixels = self._camera.retrieve()
        if not good:
            self._release()
            raise SourceError(f"camera {self._device} delivered a picture that cannot be decoded")
        height, width = pixels.shape[:2]
        if self._size is not None and (width, height) != self._size:
            pixels = self._cv2.resize(pixels, self._size, interpolation=self._cv2.INTER_AREA)
            width, height = self._size
        index, self._index = self._index, self._index + 1
        return SourceFrame(self._encoder.encode(pixels, "BGR"), captured, index, (width, height))

    def _release(self) -> None:
        if self._camera is not None:
            self._camera.release()
            self._camera = None
