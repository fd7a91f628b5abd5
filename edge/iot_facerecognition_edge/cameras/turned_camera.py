"""Any camera, by `camera.rotation`: what it cannot turn itself is turned for it."""

from iot_facerecognition_client.jpeg import tagged
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras.interface import (
    Arrived,
    Camera,
    Capabilities,
    Failed,
    Picture,
    PixelFormat,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.cameras.turning import turned_size
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.settings.camera import CameraSettings

_HALF = 180
_QUARTER = 90
_ROTATION = CameraSettings.rotation.key


class TurnedCamera:
    """A camera whose pictures say how they are to be turned, and whose previews are turned.

    A half turn is left to a camera that can do it. The hardware's plane of the screen shows
    pictures only as they are taken, so there is none while they are turned.
    """

    def __init__(self, camera: Camera, settings: Settings) -> None:
        """Turn what `camera` gives by what `settings` say when it starts."""
        self._camera = camera
        self._settings = settings
        self._turn = 0
        self._preview: tuple[PreviewImage, PreviewImage] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What the camera gives; `size` is that of the upright pictures."""
        own = self._camera.capabilities
        return Capabilities(
            own.name,
            turned_size(own.size, self._turn),
            own.fps,
            own.controls | {"rotation"},
            own.plane and not self._turn,
            self._turn,
            own.sizes,
        )

    @property
    def plane(self) -> PreviewPlane | None:
        """The camera's own, while its pictures are not turned."""
        return None if self._turn else self._camera.plane

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        """Begin to take pictures, with a preview that fits when it is upright."""
        turn = int(self._settings.camera.rotation)
        self._preview = None
        wanted = None if preview is None else turned_size(preview, turn)
        self._turn = turn
        self._camera.start(wanted, arrived, failed)
        if turn == _HALF and "rotation" in self._camera.capabilities.controls:
            self._turn = 0

    def stop(self) -> None:
        """End it."""
        self._camera.stop()

    def newest(self) -> Picture | None:
        """Return the newest picture if it was not fetched yet."""
        picture = self._camera.newest()
        if picture is None or not self._turn:
            return picture
        scene = _turned_scene(picture.scene, self._turn)
        return Picture(tagged(picture.jpeg, self._turn), picture.time, picture.number, scene)

    def preview(self) -> PreviewImage | None:
        """Return the newest preview, upright."""
        image = self._camera.preview()
        if image is None or not self._turn:
            return image
        if self._preview is None or self._preview[0] is not image:
            self._preview = image, _turned(image, self._turn)
        return self._preview[1]

    def apply(self, settings: Settings) -> tuple[str, ...]:
        """Let the controls follow `settings`; the rotation is obeyed in any case."""
        sentences = self._camera.apply(settings)
        return tuple(text for text in sentences if not text.startswith(_ROTATION))


def _turned_scene(scene: Scene | None, turn: int) -> Scene | None:
    return None if scene is None else Scene(scene.number, turned_size(scene.size, turn), turn)


def _turned(image: PreviewImage, turn: int) -> PreviewImage:
    import numpy as np  # noqa: PLC0415 - only where pictures are turned

    kind = np.uint8 if image.format is PixelFormat.GREY else np.uint32
    pixels = np.frombuffer(image.pixels, kind).reshape(image.height, image.width)
    pixels = np.rot90(pixels, -turn // _QUARTER)
    height, width = pixels.shape
    scene = _turned_scene(image.scene, turn)
    return PreviewImage(width, height, image.format, pixels.tobytes(), image.time, scene)
