"""Small previews out of JPEGs, and JPEGs out of YUYV, both by libjpeg-turbo."""

from typing import Any

from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.errors import CameraError

_SCALES = ((1, 8), (1, 4), (3, 8), (1, 2), (1, 1))
"""Scales at which the decoder skips work; others only look smaller."""
_HALF = 2


class JpegCodec:
    """PyTurboJPEG, imported when the first picture needs it: it brings NumPy."""

    def __init__(self) -> None:
        """Load the library. Raises CameraError where it is missing."""
        try:
            import turbojpeg  # noqa: PLC0415 - only where pictures are made by the processor

            self._module: Any = turbojpeg
            self._codec: Any = turbojpeg.TurboJPEG()
        except (ImportError, RuntimeError, OSError) as error:
            raise CameraError(
                f"camera: this camera needs PyTurboJPEG and libturbojpeg ({error}): "
                "sudo apt install libturbojpeg0 && pip install 'PyTurboJPEG<2'"
            ) from error

    def preview(self, jpeg: bytes, wanted: tuple[int, int], time: float) -> PreviewImage | None:
        """Return `jpeg` in colour, decoded to no less than `wanted` where it is larger than that.

        None for a picture that is damaged: USB cameras send such now and then.
        """
        try:
            width, height, _, _ = self._codec.decode_header(jpeg)
            scale = _scale(width, height, wanted)
            pixels = self._codec.decode(jpeg, self._module.TJPF_BGRX, scaling_factor=scale)
        except (OSError, ValueError):
            return None
        rows, columns = pixels.shape[:2]
        return PreviewImage(columns, rows, PixelFormat.BGRX, pixels.tobytes(), time)

    def from_yuyv(self, content: bytes, size: tuple[int, int], stride: int, quality: int) -> bytes:
        """Return the JPEG of a picture with 4:2:2 samples in the order Y, U, Y, V.

        Raises ValueError where `content` is shorter than the picture.
        """
        import numpy as np  # noqa: PLC0415 - came with PyTurboJPEG

        width, height = size
        if len(content) < stride * height:
            raise ValueError(f"{len(content)} bytes are no picture of {width}x{height}")
        samples = np.frombuffer(content, np.uint8, stride * height).reshape(height, stride)
        samples = samples[:, : width * _HALF]
        planes = (samples[:, 0::2], samples[:, 1::4], samples[:, 3::4])
        # libjpeg-turbo takes the planes one after the other, each row padded to four bytes.
        padded = [np.pad(plane, ((0, 0), (0, -plane.shape[1] % 4)), "edge") for plane in planes]
        joined = np.concatenate([plane.ravel() for plane in padded])
        subsampling = self._module.TJSAMP_422
        jpeg: bytes = self._codec.encode_from_yuv(joined, height, width, quality, subsampling)
        return jpeg


def _scale(width: int, height: int, wanted: tuple[int, int]) -> tuple[int, int]:
    for numerator, denominator in _SCALES:
        enough = (
            width * numerator >= wanted[0] * denominator
            or height * numerator >= wanted[1] * denominator
        )
        if enough:
            return numerator, denominator
    return 1, 1
