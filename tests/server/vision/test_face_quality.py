"""How good a face is to be described, by each of what it is made of."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import NAMED_FROM
from iot_facerecognition_server.vision.face_quality import face_quality
from iot_facerecognition_server.vision.sharpness import sharpness

FRAME = (640, 480)
FACE = Box(425, 160, 725, 460)
"""In obama.jpg."""


def quality(
    side: float = 100, sharp: float = 1.0, frontal: float = 1.0, left: float = 200
) -> float:
    found = Detection(Box.at(left, 100, side, side), 1.0, frontal=frontal)
    return face_quality(found, sharp, FRAME)


@pytest.fixture
def portrait(photos: Path) -> Image.Image:
    return Image.open(photos / "obama.jpg").convert("RGB")


def seen(picture: Image.Image, scale: float, blur: float = 0.0) -> float:
    """Return the sharpness of the face with its sides times `scale`, then blurred."""
    small = picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
    )
    if blur:
        small = small.filter(ImageFilter.GaussianBlur(blur * FACE.width * scale))
    return sharpness(np.asarray(small), FACE.scaled(scale, scale).rounded())


def test_a_large_sharp_frontal_whole_face_is_the_best():
    assert quality(side=200) == 1.0
    assert 0 < quality(side=30) < quality(side=60) < quality(side=100) < 1
    assert quality(sharp=0.3) < quality(sharp=0.5) < quality(sharp=0.7)
    assert quality(frontal=0.5) == pytest.approx(quality() / 2)
    assert quality(left=-20) < quality(left=-5) < quality(left=0) == quality()


def test_nothing_to_see_is_worth_nothing():
    assert quality(side=16) == 0
    assert quality(sharp=0) == 0
    assert quality(left=-100) == 0


def test_near_and_far_faces_are_as_sharp(portrait):
    assert seen(portrait, 0.5) == pytest.approx(seen(portrait, 0.15), rel=0.35)


def test_sharpness_falls_with_blur_not_with_light(portrait):
    sharp = seen(portrait, 0.3)
    dim = Image.fromarray((np.asarray(portrait) // 4).astype(np.uint8))
    assert seen(dim, 0.3) == pytest.approx(sharp, rel=0.15)
    assert seen(portrait, 0.3, blur=0.02) < 0.9 * sharp
    assert seen(portrait, 0.3, blur=0.05) < 0.5 * sharp


def test_a_blurred_face_is_no_bodys_and_a_sharp_one_of_forty_pixels_is(portrait):
    scale = 40 / FACE.width
    assert quality(side=40, sharp=seen(portrait, scale)) > NAMED_FROM
    assert quality(side=100, sharp=seen(portrait, 1 / 3, blur=0.05)) < NAMED_FROM


def test_a_face_of_one_colour_or_a_pixel_is_not_sharp():
    flat = np.full((50, 50, 3), 128, np.uint8)
    assert sharpness(flat, Box(5, 5, 45, 45)) == 0
    assert sharpness(flat, Box(5, 5, 6, 6)) == 0
