"""The one place where a camera's thread hands over: the newest picture, and no other."""

import threading

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras.interface import Picture


class Slot:
    """Holds the newest picture until it is fetched; an older one gives way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._number = 0

    def put(self, jpeg: bytes, time: float, scene: Scene | None = None) -> None:
        """Put a picture taken at `time` (monotonic seconds); `scene` as in `Picture`."""
        with self._lock:
            self._number += 1
            self._picture = Picture(jpeg, time, self._number, scene)

    def pop(self) -> Picture | None:
        """Return the picture that waits, and forget it."""
        with self._lock:
            picture, self._picture = self._picture, None
            return picture

    def clear(self) -> None:
        """Forget the picture that waits and count from 1 again."""
        with self._lock:
            self._picture, self._number = None, 0
