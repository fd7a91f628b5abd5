import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_server.models.catalogue import LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.jpeg import JpegDecoder

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Encode an (h, w[, 3]) uint8 picture in any mode that Pillow knows."""

    def encode(picture: np.ndarray, mode: str = "RGB", **options: object) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(picture).convert(mode).save(buffer, "JPEG", quality=95, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture(scope="session")
def portrait(photos: Path) -> np.ndarray:
    """Eileen Collins, (512, 512, 3) uint8 RGB, smooth and colourful."""
    return np.asarray(Image.open(photos / "astronaut.png").convert("RGB"))


@pytest.fixture(scope="session")
def aligner(tmp_path_factory: pytest.TempPathFactory) -> FaceAligner:
    return FaceAligner(ModelStore(tmp_path_factory.mktemp("models")).resolve(LANDMARKS))


@pytest.fixture
def decoder() -> JpegDecoder:
    return JpegDecoder()
