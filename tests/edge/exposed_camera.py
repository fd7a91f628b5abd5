"""A camera that takes a picture when told."""

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras.interface import (
    Arrived,
    Capabilities,
    Failed,
    Picture,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.settings import Settings


class ExposedCamera:
    """Its `failed` lets it fail as its own thread would."""

    def __init__(self) -> None:
        self.capabilities = Capabilities("test", (640, 480), 15.0)
        self.plane: PreviewPlane | None = None
        self._waiting: Picture | None = None
        self._number = 0

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        self._arrived, self.failed = arrived, failed

    def stop(self) -> None:
        """Nothing runs."""

    def newest(self) -> Picture | None:
        picture, self._waiting = self._waiting, None
        return picture

    def preview(self) -> PreviewImage | None:
        return None

    def apply(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def expose(self, jpeg: bytes, time: float, scene: Scene | None = None) -> None:
        self._number += 1
        self._waiting = Picture(jpeg, time, self._number, scene)
        self._arrived()
