"""A video that every test of sources may play."""

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def video(tmp_path) -> Path:
    """Four frames of 64 x 48 pixels, each lighter than the one before."""
    path = tmp_path / "counted.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, (64, 48))
    for shade in (0, 80, 160, 240):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return path
