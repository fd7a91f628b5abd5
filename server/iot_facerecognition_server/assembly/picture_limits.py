"""What decoding a picture may cost, by the configuration."""

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.vision.jpeg_header import JpegLimits


def jpeg_limits(config: Config) -> JpegLimits:
    """Return the limits of the JPEGs that clients send."""
    limits = config.limits
    return JpegLimits(limits.pixels, limits.scans, limits.pixel_scans)
