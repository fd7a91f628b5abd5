"""The Raspberry Pi's camera: libcamera takes the pictures, the hardware encodes them.

picamera2 is imported only when such a camera is opened: it is large, it exists only on the Pi, and
it needs python3-kms++ or pykms even without a screen. Nothing here decodes, encodes or converts a
picture; what it costs is one copy of a JPEG, and one of a small preview when somebody looks at it.
"""

import threading
import time
from typing import Any

from iot_facerecognition_edge.cameras.interface import (
    Arrived,
    Capabilities,
    Failed,
    Picture,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.cameras.picamera2_controls import CONTROLS, controls_for, strangers
from iot_facerecognition_edge.cameras.picamera2_plane import Picamera2Plane
from iot_facerecognition_edge.cameras.planar import PlanarConverter
from iot_facerecognition_edge.cameras.sizes import Size, usual_up_to
from iot_facerecognition_edge.cameras.slot import Slot
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol.records import dataclass

BUFFERS = 4
"""Buffers a stream. The default of six at four bytes a pixel exhausts a Zero's contiguous memory;
with fewer than four, a picture that is still being encoded costs the next one."""
OBEYED = CONTROLS | {
    "source",
    "device_number",
    "sensor_mode",
    "width",
    "height",
    "fps",
    "bit_rate",
    "mirror_horizontal",
    "mirror_vertical",
    "rotation",
}
"""The settings that this camera knows; `jpeg_quality` is none, the encoder goes by bit rate."""

_MOST_ENCODED = (1920, 1080)
"""Pixels of the hardware encoder of Raspberry Pi 0 to 3."""
_LEAST_LORES = 64
"""Pixels of a side of the small stream: no screen wants less."""
_KILO = 1000
_MICRO = 1e-6
_MICROSECONDS = 1_000_000
_PLAUSIBLE_AGE = 2.0
"""Seconds. A sensor's time further from now than that is of another clock."""
_INSTALL = "sudo apt install --no-install-recommends python3-picamera2 python3-kms++"


@dataclass(frozen=True, slots=True)
class _Copied:
    """A picture of the small stream: planes of YUV 4:2:0, the luma's bytes a row, and when."""

    planes: bytes
    size: tuple[int, int]
    stride: int
    time: float


class Picamera2Camera:
    """One camera behind libcamera, by `camera.device_number`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slot = Slot()
        self._camera: Any = None
        self._encoder: Any = None
        self._lores: tuple[int, int, int] | None = None
        self._converter: PlanarConverter | None = None
        self._copied: _Copied | None = None
        self._preview: PreviewImage | None = None
        self._preview_wanted = threading.Event()
        self._plane: Picamera2Plane | None = None
        self._capabilities = Capabilities("picamera2", (0, 0), 0.0)

    @property
    def capabilities(self) -> Capabilities:
        """What the camera gives, as found out by `start`."""
        return self._capabilities

    @property
    def plane(self) -> PreviewPlane | None:
        """The camera's own plane of the screen."""
        return self._plane

    def start(
        self,
        preview: tuple[int, int] | None,
        arrived: Arrived,
        failed: Failed,  # noqa: ARG002 - libcamera only logs; who waits for pictures notices
    ) -> None:
        """Configure the camera, start encoder and camera. Raises CameraError."""
        modules = _import()
        self._slot.clear()
        self._preview = self._copied = None
        if preview is not None:
            colour = self._settings.display.colour_preview
            self._converter = PlanarConverter(colour=colour)
        try:
            self._camera = modules.camera.Picamera2(self._settings.camera.device_number)
            self._configure(modules, preview)
            self._begin(modules, arrived)
        except (RuntimeError, OSError, IndexError, ValueError) as error:
            self.stop()
            raise CameraError(_explained(error)) from error

    def _configure(self, modules: "_Modules", preview: tuple[int, int] | None) -> None:
        settings, camera = self._settings, self._camera
        size = _even(settings.camera.width, settings.camera.height)
        duration = _MICROSECONDS // settings.camera.fps
        turned = settings.camera.rotation == "180"
        lores = None if preview is None else _within(preview, size)
        streams = {} if lores is None else {"lores": {"format": "YUV420", "size": lores}}
        configuration = camera.create_video_configuration(
            main={"format": "YUV420", "size": size},
            raw=None,
            transform=modules.libcamera.Transform(
                hflip=settings.camera.mirror_horizontal != turned,
                vflip=settings.camera.mirror_vertical != turned,
            ),
            buffer_count=BUFFERS,
            controls={"FrameDurationLimits": (duration, duration)},
            display="lores" if lores else None,
            sensor=self._sensor_mode(),
            **streams,
        )
        camera.configure(configuration)
        final = camera.camera_configuration()
        if lores:
            stream = final["lores"]
            self._lores = (*stream["size"], stream["stride"])
        known = frozenset(camera.camera_controls)
        enums = modules.libcamera.controls
        camera.set_controls(controls_for(settings, known, enums, running=False))
        self._capabilities = Capabilities(
            name=str(camera.camera_properties.get("Model", "camera")),
            size=final["main"]["size"],
            fps=float(settings.camera.fps),
            controls=OBEYED,
            plane=lores is not None,
            sizes=self._sizes(),
        )

    def _sizes(self) -> tuple[Size, ...]:
        """Return the sizes to which sensor and hardware encoder can scale."""
        array = self._camera.camera_properties.get("PixelArraySize", _MOST_ENCODED)
        sizes = zip(array, _MOST_ENCODED, strict=True)
        width, height = (min(sensor, encoder) for sensor, encoder in sizes)
        return usual_up_to((width, height))

    def _sensor_mode(self) -> dict[str, Any]:
        number = self._settings.camera.sensor_mode
        if number == 0:
            return {}
        modes = self._camera.sensor_modes
        if number > len(modes):
            raise CameraError(
                f"camera: there is no sensor mode {number}; this sensor has 1 to {len(modes)}, "
                "and camera.sensor_mode=0 chooses by itself"
            )
        mode = modes[number - 1]
        if "size" not in mode:
            raise CameraError("camera: this camera has no sensor modes; camera.sensor_mode=0")
        return {"output_size": mode["size"], "bit_depth": mode["bit_depth"]}

    def _begin(self, modules: "_Modules", arrived: Arrived) -> None:
        encoder = modules.encoders.MJPEGEncoder(bitrate=self._settings.camera.bit_rate * _KILO)
        output = _output_class(modules.outputs.Output)(self._slot, encoder, arrived)
        if self._lores is not None:
            self._camera.post_callback = self._copy_preview(modules.camera.MappedArray)
            self._plane = Picamera2Plane(self._camera, modules.camera.Preview)
        self._encoder = encoder
        # No quality: picamera2 would compute a bit rate of its own from it and forget ours.
        self._camera.start_encoder(encoder, output)
        self._camera.start()

    def stop(self) -> None:
        """Stop camera and encoder and give the device back to others."""
        camera, self._camera = self._camera, None
        plane, self._plane = self._plane, None
        encoder, self._encoder = self._encoder, None
        self._lores = None
        if plane is not None:
            plane.close()
        if camera is None:
            return
        try:
            if camera.started:
                camera.stop()
            if encoder is not None and encoder.running:
                camera.stop_encoder(encoder)
        finally:
            camera.close()
            self._slot.clear()

    def newest(self) -> Picture | None:
        """Return the newest picture if it was not fetched yet."""
        return self._slot.pop()

    def preview(self) -> PreviewImage | None:
        """Return the newest preview, and ask for another one."""
        copied, self._copied = self._copied, None
        if copied is not None and self._converter is not None:
            self._preview = self._converter.preview(
                copied.planes, copied.size, copied.stride, copied.time
            )
        self._preview_wanted.set()
        return self._preview

    def _copy_preview(self, mapped_array: Any) -> Any:
        """Return what copies the small stream's picture whenever somebody looks.

        It runs on the camera's thread under picamera2's lock. The buffer belongs to the camera
        again as soon as the mapping ends, so what leaves is a copy; who asked converts it.
        """
        assert self._lores is not None
        width, height, stride = self._lores

        def copy(request: Any) -> None:
            if not self._preview_wanted.is_set():
                return
            self._preview_wanted.clear()
            with mapped_array(request, "lores", reshape=False, write=False) as mapped:
                planes = mapped.array.tobytes()
            self._copied = _Copied(planes, (width, height), stride, time.monotonic())

        return copy

    def apply(self, settings: Settings) -> tuple[str, ...]:
        """Let the controls follow `settings`; what needs a restart is not touched."""
        camera = self._camera
        if camera is not None:
            known = frozenset(camera.camera_controls)
            enums = _import().libcamera.controls
            camera.set_controls(controls_for(settings, known, enums, running=True))
            return strangers(settings, known)
        return ()


class _Modules:
    """What is used of picamera2 and libcamera."""

    def __init__(self) -> None:
        import libcamera  # noqa: PLC0415 - only where such a camera is used
        import picamera2  # noqa: PLC0415
        from picamera2 import encoders, outputs  # noqa: PLC0415

        self.camera: Any = picamera2
        self.libcamera: Any = libcamera
        self.encoders: Any = encoders
        self.outputs: Any = outputs


def _import() -> _Modules:
    try:
        return _Modules()
    except ImportError as error:
        raise CameraError(f"camera: picamera2 cannot be used ({error}): {_INSTALL}") from error


def _output_class(base: type[Any]) -> type[Any]:
    """Return picamera2's sink for encoded frames that hands over to a one-slot buffer.

    A class made at run time, for its base exists only where picamera2 is.
    """

    class SlotOutput(base):  # type: ignore[misc]  # picamera2 has no types
        def __init__(self, slot: Slot, encoder: Any, arrived: Arrived) -> None:
            super().__init__()
            self._slot = slot
            self._encoder = encoder
            self._arrived = arrived

        def outputframe(
            self,
            frame: bytes,
            keyframe: bool = True,  # noqa: ARG002 - the signature is picamera2's
            timestamp: int | None = None,
            packet: Any = None,  # noqa: ARG002
            audio: bool = False,
        ) -> None:
            # On the encoder's thread, under its lock: the camera starves while this runs.
            if audio:
                return
            self._slot.put(frame, _taken_at(timestamp, self._encoder.firsttimestamp))
            self._arrived()

    return SlotOutput


def _taken_at(timestamp: int | None, first: int | None) -> float:
    """Return the monotonic time of an exposure: the sensor's where it is of the same clock.

    `timestamp` counts µs from the first frame, whose sensor time `first` is.
    """
    now = time.monotonic()
    if timestamp is None or first is None:
        return now
    taken = (first + timestamp) * _MICRO
    return taken if 0 <= now - taken < _PLAUSIBLE_AGE else now


def _even(width: int, height: int) -> tuple[int, int]:
    """Return the size with what YUV420 cannot have taken off."""
    return width - width % 2, height - height % 2


def _within(preview: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the preview's size: in the shape of the picture, within both.

    It is the size at which the screen shows it, or a pixel less, so that nothing has to be scaled
    there. The hardware pads rows as it needs, and tells how.
    """
    width, height = (min(wanted, given) for wanted, given in zip(preview, size, strict=True))
    if size[0] * height > width * size[1]:
        height = width * size[1] // size[0]
    else:
        width = height * size[0] // size[1]
    return _even(max(_LEAST_LORES, width), max(_LEAST_LORES, height))


def _explained(error: Exception) -> str:
    """Return `error` of picamera2 with what usually helps."""
    text = str(error)
    reason = f"{text} ({error.__cause__})" if error.__cause__ else text
    if isinstance(error, IndexError):
        return (
            "camera: libcamera lists no such camera; check the ribbon cable, "
            "`rpicam-hello --list-cameras`, and camera.device_number"
        )
    if "allocate" in text or "Cannot allocate" in text:
        return (
            f"camera: not enough contiguous memory ({reason}); make camera.width and height "
            "smaller or set dtoverlay=vc4-kms-v3d,cma-128 in the boot configuration"
        )
    return f"camera: {reason}; is another program using it?"
