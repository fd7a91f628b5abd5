"""Where pictures come from, behind one small interface.

- `interface`: what a camera is; `slot`: the one place where its thread hands over.
- `picamera2_camera`: the Raspberry Pi's own camera, encoded by the hardware.
- `v4l2_camera`: a USB camera; `v4l2_kernel` and `v4l2_device` are the kernel's side of it.
- `source_camera`: moving photos and folders, from the client library.
- `selection`: which of them to use.
"""

from iot_facerecognition_edge.cameras.interface import (
    Camera,
    Capabilities,
    Picture,
    PixelFormat,
    PreviewImage,
    PreviewPlane,
)

__all__ = [
    "Camera",
    "Capabilities",
    "Picture",
    "PixelFormat",
    "PreviewImage",
    "PreviewPlane",
]
