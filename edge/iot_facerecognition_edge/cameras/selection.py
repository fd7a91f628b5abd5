"""Which camera to use."""

import importlib.util
from pathlib import Path

from iot_facerecognition_edge.cameras.interface import Camera
from iot_facerecognition_edge.cameras.turned_camera import TurnedCamera
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_edge.settings import Settings

_SENSORS = Path("/sys/class/video4linux")
_SENSOR_DRIVERS = ("unicam", "rp1-cfe")
"""The kernel's receivers of the ribbon cable: `unicam` up to the Pi 4, `rp1-cfe` on the 5."""


def open_camera(settings: Settings, photos: Path) -> Camera:
    """Return the camera that `camera.source` names; it is opened by its `start`.

    `auto` takes the ribbon cable's camera where picamera2 is installed, then the first USB camera,
    then, in test mode, the photos in the folder `photos`. What no camera turns itself is turned as
    `camera.rotation` says. Raises CameraError where there is none.
    """
    return TurnedCamera(_untouched(settings, photos), settings)


def _untouched(settings: Settings, photos: Path) -> Camera:
    """Return the camera as it is."""
    spec = settings.camera.source
    if spec == "auto":
        spec = _found(settings, photos)
    kind, _, place = spec.partition(":")
    match kind:
        case "picamera2":
            from iot_facerecognition_edge.cameras.picamera2_camera import (  # noqa: PLC0415
                Picamera2Camera,
            )

            return Picamera2Camera(settings)
        case "v4l2":
            from iot_facerecognition_edge.cameras.v4l2_camera import V4l2Camera  # noqa: PLC0415

            path = place or f"/dev/video{settings.camera.device_number}"
            return V4l2Camera(path, settings)
        case _:
            from iot_facerecognition_edge.cameras.source_camera import (  # noqa: PLC0415
                SourceCamera,
            )

            return SourceCamera(spec if kind == "moving" else place, settings)


def _found(settings: Settings, photos: Path) -> str:
    if _has_sensor() and importlib.util.find_spec("picamera2") is not None:
        return "picamera2"
    from iot_facerecognition_edge.cameras.v4l2_camera import devices  # noqa: PLC0415

    usb = devices()
    if usb:
        return f"v4l2:{usb[min(settings.camera.device_number, len(usb) - 1)]}"
    if settings.device.test_mode:
        return f"moving:{photos}"
    raise CameraError(
        "camera: none was found. Check the ribbon cable (and that python3-picamera2 is installed) "
        f"or plug in a USB camera; without either, put photos into {photos} and set "
        "device.test_mode=on, or camera.source=moving:FOLDER"
    )


def _has_sensor() -> bool:
    """Return whether the kernel receives pictures from a ribbon cable."""
    for name in _SENSORS.glob("video*/name"):
        if name.read_text(errors="replace").startswith(_SENSOR_DRIVERS):
            return True
    return False
