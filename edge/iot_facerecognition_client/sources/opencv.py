"""Loading OpenCV, where it is needed and not before."""

from types import ModuleType
from typing import Final

from iot_facerecognition_client.sources.interface import SourceError

_SYSTEM_LIBRARIES: Final = "libgl1 libglib2.0-0 libxcb1"
"""Debian's and Ubuntu's packages of what opencv-python's wheel loads and does not bring along."""


def load_opencv(purpose: str) -> ModuleType:
    """Return the module `cv2`. Raises SourceError when it is not installed or cannot be loaded."""
    try:
        import cv2  # noqa: PLC0415 - large, and absent on a small board
    except ImportError as error:
        raise SourceError(
            f"{purpose} needs OpenCV ({error}): {_cure(error)}, or choose another --source"
        ) from None
    module: ModuleType = cv2
    return module


def _cure(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "pip install 'iot-facerecognition[desktop]'"
    # The package is there; a shared library that its extension module links to is not.
    return f"sudo apt-get update && sudo apt-get install {_SYSTEM_LIBRARIES}"
