"""What the tests of sources share: a fast rate, a clock to set, and the pixels of a frame."""

import cv2
import numpy as np

FAST = 1000.0
"""Frames a second that no test waits for."""


class ManualClock:
    """Tells the seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def decoded(jpeg: bytes) -> np.ndarray:
    """Return the pixels of a JPEG."""
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
