"""Recognised faces for tests, told as the protocol tells them."""

import numpy as np

from iot_facerecognition_server.box import Box
from iot_facerecognition_server.frames import DESCRIPTOR_SIZE, UNKNOWN, Match, RecognisedFace


def recognised(
    tag: str = UNKNOWN,
    x: int = 0,
    y: int = 0,
    width: int = 1,
    height: int = 1,
    *,
    distance: float | None = None,
    score: float = 1.0,
    track: int | None = None,
) -> RecognisedFace:
    """Return a face whose descriptor is of nobody."""
    box = Box(x, y, x + width, y + height)
    descriptor = np.zeros(DESCRIPTOR_SIZE, np.float32)
    return RecognisedFace(box, score, Match(tag, distance), descriptor, 1.0, track)
