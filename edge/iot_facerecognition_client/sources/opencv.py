"""Loading OpenCV, where it is needed and not before."""

from types import ModuleType

from iot_facerecognition_client.sources.interface import SourceError


def load_opencv(purpose: str) -> ModuleType:
    """Return the module `cv2`. Raises SourceError when it is not installed."""
    try:
        import cv2  # noqa: PLC0415 - large, and absent on a small board
    except ImportError as error:
        raise SourceError(
            f"{purpose} needs OpenCV ({error}): pip install 'iot-facerecognition[desktop]', "
            "or choose another --source"
        ) from None
    module: ModuleType = cv2
    return module
