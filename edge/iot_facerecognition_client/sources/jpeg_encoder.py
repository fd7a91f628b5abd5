"""Pixels to JPEG by libjpeg-turbo."""

from typing import Literal

from iot_facerecognition_client.sources.interface import SourceError

try:
    import numpy as np
    import turbojpeg
    from numpy.typing import NDArray
except ImportError as error:
    raise SourceError(
        f"encoding JPEG needs {error.name}: pip install 'iot-facerecognition[desktop]'"
    ) from None

BEST_QUALITY = 100


class JpegEncoder:
    """Encodes at one quality, with colours at half the resolution (4:2:0) as cameras do."""

    def __init__(self, quality: int = 80) -> None:
        """Take libjpeg-turbo's `quality`, 1 to 100. Raises SourceError."""
        if not 1 <= quality <= BEST_QUALITY:
            raise SourceError(f"JPEG quality is a number from 1 to 100, not {quality}")
        try:
            self._jpeg = turbojpeg.TurboJPEG()
        except (OSError, RuntimeError) as error:
            raise SourceError(
                f"libjpeg-turbo cannot be loaded ({error}): apt-get install libturbojpeg0"
            ) from None
        self._quality = quality

    def encode(self, pixels: NDArray[np.uint8], order: Literal["RGB", "BGR"]) -> bytes:
        """Return `pixels` (height, width, 3) as JPEG; `order` is that of the last axis."""
        layout = turbojpeg.TJPF_RGB if order == "RGB" else turbojpeg.TJPF_BGR
        encoded: bytes = self._jpeg.encode(
            pixels,
            quality=self._quality,
            pixel_format=layout,
            jpeg_subsample=turbojpeg.TJSAMP_420,
        )
        return encoded
