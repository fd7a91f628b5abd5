"""A USB camera through the kernel: its own MJPEG as it is, or YUYV encoded here."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from iot_facerecognition_edge.cameras import v4l2_controls
from iot_facerecognition_edge.cameras.interface import (
    Arrived,
    Capabilities,
    Failed,
    Picture,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.cameras.jpeg import JpegCodec
from iot_facerecognition_edge.cameras.slot import Slot
from iot_facerecognition_edge.cameras.v4l2_device import (
    PREFERRED,
    Captured,
    Layout,
    Range,
    V4l2Device,
)
from iot_facerecognition_edge.cameras.v4l2_kernel import YUYV, Kernel
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings

_WAIT = 0.25
"""Seconds until the thread looks whether it is to end."""
_SILENCE = 5.0
"""Seconds without a picture after which the camera is taken for broken."""
_BEGIN = b"\xff\xd8"
_OBEYED = frozenset({"source", "device_number", "width", "height", "fps"})


class V4l2Camera:
    """One V4L2 capture device; a thread of its own waits for its pictures."""

    def __init__(
        self,
        path: str,
        settings: Settings,
        kernel: Kernel | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._clock = clock
        self._settings = settings
        self._kernel = kernel or Kernel()
        self._slot = Slot()
        self._device: V4l2Device | None = None
        self._ranges: dict[str, Range] = {}
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._codec: JpegCodec | None = None
        self._preview_size: tuple[int, int] | None = None
        self._preview_wanted = threading.Event()
        self._preview: PreviewImage | None = None
        self._capabilities = Capabilities(path, (0, 0), 0.0)

    @property
    def capabilities(self) -> Capabilities:
        """What the camera gives, as found out by `start`."""
        return self._capabilities

    @property
    def plane(self) -> PreviewPlane | None:
        """There is none."""
        return None

    def start(self, preview: tuple[int, int] | None, arrived: Arrived, failed: Failed) -> None:
        """Open the device, agree on a format and begin. Raises CameraError."""
        self._slot.clear()
        self._preview, self._preview_size = None, preview
        settings = self._settings
        device = self._device = V4l2Device(self._path, self._kernel)
        try:
            layout = device.configure(
                settings.camera.width,
                settings.camera.height,
                settings.camera.fps,
            )
            encodes = layout.pixel_format == YUYV
            if encodes or preview is not None:
                self._codec = JpegCodec()
            self._ranges = v4l2_controls.known(device)
            self._capabilities = Capabilities(
                name=device.name,
                size=(layout.width, layout.height),
                fps=layout.fps,
                controls=_OBEYED | self._ranges.keys() | ({"jpeg_quality"} if encodes else set()),
                sizes=device.sizes(layout.pixel_format),
            )
            device.start()
        except OSError as error:
            self.stop()
            raise CameraError(
                f"camera: {self._path} cannot be started ({error.strerror}); "
                "is another program using it?"
            ) from error
        except CameraError:
            self.stop()
            raise
        self._ending.clear()
        self._thread = threading.Thread(
            target=self._run, args=(device, layout, arrived, failed), name="v4l2", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the device."""
        self._ending.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        device, self._device = self._device, None
        if device is not None:
            device.close()
        self._slot.clear()

    def newest(self) -> Picture | None:
        """Return the newest picture if it was not fetched yet."""
        return self._slot.pop()

    def preview(self) -> PreviewImage | None:
        """Return the newest preview in RGB, and ask for another one."""
        self._preview_wanted.set()
        return self._preview

    def apply(self, settings: Settings) -> tuple[str, ...]:
        """Let the controls follow `settings`."""
        if self._device is None:
            return ()
        try:
            return v4l2_controls.apply(self._device, settings, self._ranges)
        except OSError as error:
            return (f"camera: {self._path} takes no controls any more ({error.strerror})",)

    def _run(self, device: V4l2Device, layout: Layout, arrived: Arrived, failed: Failed) -> None:
        last = self._clock()
        try:
            while not self._ending.is_set():
                captured = device.capture(_WAIT)
                jpeg = None if captured is None else self._jpeg(captured, layout)
                if captured is None or jpeg is None:
                    if self._clock() - last >= _SILENCE:
                        failed(f"camera: {self._path} gave no picture for {_SILENCE:.0f} seconds")
                        return
                    continue
                last = self._clock()
                self._slot.put(jpeg, captured.time)
                self._look(jpeg, captured.time)
                arrived()
        except OSError as error:
            failed(f"camera: {self._path} was lost ({error.strerror})")

    def _jpeg(self, captured: Captured, layout: Layout) -> bytes | None:
        """Return the picture as JPEG, None for a damaged one."""
        if layout.pixel_format != YUYV:
            return captured.content if captured.content.startswith(_BEGIN) else None
        assert self._codec is not None
        quality = self._settings.camera.jpeg_quality
        size = (layout.width, layout.height)
        try:
            return self._codec.from_yuyv(captured.content, size, layout.stride, quality)
        except ValueError:
            return None

    def _look(self, jpeg: bytes, taken: float) -> None:
        """Make a preview whenever somebody asked for one."""
        if self._preview_size is None or not self._preview_wanted.is_set():
            return
        assert self._codec is not None
        self._preview_wanted.clear()
        self._preview = self._codec.preview(jpeg, self._preview_size, taken) or self._preview


def devices(root: Path = Path("/dev"), kernel: Kernel | None = None) -> list[str]:
    """Return the paths of the capture devices that give MJPEG or YUYV, in their order."""
    calls = kernel or Kernel()
    found = []
    paths = sorted(root.glob("video[0-9]*"), key=lambda path: int(path.name.removeprefix("video")))
    for path in paths:
        try:
            device = V4l2Device(str(path), calls)
        except CameraError:
            # Encoders and metadata devices are no cameras; who asks for one by name learns why.
            continue
        try:
            if any(code in PREFERRED for code in device.formats()):
                found.append(str(path))
        finally:
            device.close()
    return found
