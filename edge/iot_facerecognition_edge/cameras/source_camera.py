"""Pictures from the client library's sources, for a machine without a camera."""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from iot_facerecognition_edge.cameras.interface import (
    Arrived,
    Capabilities,
    Failed,
    Picture,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.cameras.jpeg import JpegCodec
from iot_facerecognition_edge.cameras.sizes import LARGEST, usual_up_to
from iot_facerecognition_edge.cameras.slot import Slot
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings

if TYPE_CHECKING:
    from iot_facerecognition_client.sources import SourceFrame
    from iot_facerecognition_client.streaming import SourceStream

_OBEYED = frozenset({"source", "width", "height", "fps", "jpeg_quality"})


class SourceCamera:
    """A folder of photos as a camera: moving over them, or one after the other."""

    def __init__(self, spec: str, settings: Settings) -> None:
        """Use `spec` as the client library understands it."""
        self._spec = spec
        self._settings = settings
        self._slot = Slot()
        self._stream: SourceStream | None = None
        self._codec: JpegCodec | None = None
        self._preview_size: tuple[int, int] | None = None
        self._preview_wanted = threading.Event()
        self._preview: PreviewImage | None = None
        self._capabilities = Capabilities(spec, (0, 0), 0.0, _OBEYED)

    @property
    def capabilities(self) -> Capabilities:
        """What the source gives."""
        return self._capabilities

    @property
    def plane(self) -> PreviewPlane | None:
        """There is none."""
        return None

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        """Open the source and begin. Raises CameraError."""
        from iot_facerecognition_client.sources import SourceError, open_source  # noqa: PLC0415
        from iot_facerecognition_client.streaming import SourceStream  # noqa: PLC0415

        settings = self._settings
        size = (settings.camera.width, settings.camera.height)
        fps = settings.camera.fps
        quality = settings.camera.jpeg_quality
        self._slot.clear()
        self._preview, self._preview_size = None, preview
        if preview is not None:
            self._codec = JpegCodec()

        def deliver(frame: "SourceFrame") -> None:
            self._slot.put(frame.jpeg, frame.captured, frame.scene)
            self._look(frame)
            arrived()

        def ended(error: BaseException | None) -> None:
            if self._stream is not None:
                failed(f"camera: {error or f'{self._spec} has no more pictures'}")

        try:
            source = open_source(self._spec, capture_size=size, size=size, fps=fps, quality=quality)
            stream = SourceStream(source, deliver, ended)
            self._stream = stream
            stream.start()
        except SourceError as error:
            self._stream = None
            raise CameraError(f"camera: {error}") from error
        self._capabilities = Capabilities(
            self._spec, source.size, float(fps), _OBEYED, sizes=usual_up_to(LARGEST)
        )

    def stop(self) -> None:
        """End the source's thread."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()
        self._slot.clear()

    def newest(self) -> Picture | None:
        """Return the newest picture if it was not fetched yet."""
        return self._slot.pop()

    def preview(self) -> PreviewImage | None:
        """Return the newest preview in RGB, and ask for another one."""
        self._preview_wanted.set()
        return self._preview

    def apply(self, settings: Settings) -> tuple[str, ...]:
        """Photos have no controls; say which were set for nothing."""
        sentences = []
        for name in ("mirror_horizontal", "mirror_vertical", "rotation", "brightness", "contrast"):
            key = f"camera.{name}"
            if settings.value(key) != settings.setting(key).default:
                sentences.append(f"{key} does nothing: photos have no controls")
        return tuple(sentences)

    def _look(self, frame: "SourceFrame") -> None:
        if self._preview_size is None or not self._preview_wanted.is_set():
            return
        assert self._codec is not None
        self._preview_wanted.clear()
        preview = self._codec.preview(frame.jpeg, self._preview_size, frame.captured)
        if preview is not None:
            self._preview = replace(preview, scene=frame.scene)
