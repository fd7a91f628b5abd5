"""Recognised faces for tests, told as the protocol tells them."""

import numpy as np

from iot_facerecognition_protocol.box import Box
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
    descriptor = np.zeros(DESCRIPTOR_SIZE, np.float32)
    return RecognisedFace(
        Box.at(x, y, width, height),
        score,
        quality=1.0,
        match=Match(tag, distance),
        descriptor=descriptor,
        track=track,
    )
