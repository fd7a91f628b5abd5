"""A coarse look at a face: the same one a little later, and another one in its place."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.tracking.appearance import ALIKE, appearance, compared
from iot_facerecognition_server.tracking.changes import REDUCTION
from iot_facerecognition_server.vision.faces import HogDetector

SIDE = 120


@pytest.fixture(scope="module")
def faces(photos: Path) -> dict[str, np.ndarray]:
    """Photos, grey, each with its face as a square of `SIDE` pixels at (80, 80)."""
    detector = HogDetector()
    placed = {}
    for name in ("obama3.jpg", "biden.jpg", "astronaut.png"):
        grey = Image.open(photos / name).convert("L")
        found = detector.detect(np.asarray(grey))[0].box
        scale = found.width / SIDE
        left, top = found.left - 80 * scale, found.top - 80 * scale
        area = tuple(map(round, (left, top, left + 320 * scale, top + 240 * scale)))
        placed[name] = np.asarray(grey.crop(area).resize((320, 240), Image.Resampling.LANCZOS))
    return placed


def thumbnail(picture: np.ndarray) -> np.ndarray:
    rows, columns = (side // REDUCTION for side in picture.shape)
    blocks = picture.reshape(rows, REDUCTION, columns, REDUCTION)
    return blocks.mean((1, 3)).astype(np.uint8)


def face(shift: float = 0.0) -> Box:
    return Box(80 + shift, 80 + shift, 80 + SIDE + shift, 80 + SIDE + shift)


def likeness_of(one: np.ndarray, other: np.ndarray, shift: float = 0.0) -> float:
    known = appearance(thumbnail(one), face())
    likeness, seen = compared(known, thumbnail(other), face(shift))
    assert np.allclose(seen, appearance(thumbnail(other), face(shift)), atol=1e-6)
    return likeness


def test_face_is_like_itself_when_it_moves_and_the_light_changes(faces) -> None:
    for picture in faces.values():
        moved = np.roll(picture, (5, 5), (0, 1))
        darker = (moved * 0.7).astype(np.uint8)
        assert likeness_of(picture, darker, shift=5) > 0.9


def test_face_is_like_itself_where_the_box_is_off_by_a_step_of_the_detector(faces) -> None:
    for picture in faces.values():
        assert likeness_of(picture, picture, shift=SIDE / 10) > ALIKE


def test_another_face_in_the_same_place_is_unlike(faces) -> None:
    assert likeness_of(faces["obama3.jpg"], faces["astronaut.png"]) < ALIKE
    assert likeness_of(faces["obama3.jpg"], faces["biden.jpg"]) < ALIKE


def test_face_of_one_grey_or_beyond_the_edge_has_no_look_and_raises_nothing() -> None:
    flat = np.full((30, 40), 7, np.uint8)
    assert not appearance(flat, Box(0, 0, 80, 80)).any()
    assert appearance(flat, Box(-500, -500, 1000, 1000)).shape == (8, 8)
