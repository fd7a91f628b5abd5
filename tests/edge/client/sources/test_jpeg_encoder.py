"""The encoder of frames that were decoded."""

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_client.sources.jpeg_encoder import JpegEncoder


def test_an_encoder_that_was_given_nonsense_encodes_the_next_as_ever(photos):
    pixels = np.asarray(Image.open(photos / "astronaut.png").convert("RGB"))
    encoder = JpegEncoder(80)
    before = encoder.encode(pixels, "RGB")
    for bad in (np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4), np.uint8), None):
        with pytest.raises((OSError, ValueError, TypeError, AttributeError)):
            encoder.encode(bad, "RGB")
        assert encoder.encode(pixels, "RGB") == before
