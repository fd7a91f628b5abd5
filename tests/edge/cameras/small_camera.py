"""A camera of 4 x 2 pixels."""

from iot_facerecognition_edge.cameras.interface import (
    Arrived,
    Capabilities,
    Failed,
    Picture,
    PixelFormat,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.settings import Settings
from tests.edge.plane import FakePlane


class SmallCamera:
    """It cannot turn its pictures, or only by half a turn where `rotation` is among `controls`."""

    def __init__(self, *controls: str, kind: PixelFormat = PixelFormat.GREY) -> None:
        self.capabilities = Capabilities("sensor", (4, 2), 15.0, frozenset(controls), plane=True)
        self.plane: PreviewPlane | None = FakePlane()
        self.pictures = [Picture(b"\xff\xd8rest", 1.5, 7)]
        size = 1 if kind is PixelFormat.GREY else 4
        pixels = b"".join(bytes([value]) * size for value in range(8))
        self.image = PreviewImage(4, 2, kind, pixels, 1.5)
        self.started: list[tuple[int, int] | None] = []
        self.stopped = 0

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        self.started.append(preview)

    def stop(self) -> None:
        self.stopped += 1

    def newest(self) -> Picture | None:
        return self.pictures.pop() if self.pictures else None

    def preview(self) -> PreviewImage | None:
        return self.image

    def apply(self, settings: Settings) -> tuple[str, ...]:
        return ("camera.rotation does nothing: it cannot do that", "camera.iso does nothing")
