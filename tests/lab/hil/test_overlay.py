"""Frames and names are found on a screen that the edge's own views have drawn."""

import pygame
import pytest
from PIL import Image

from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.ui.colours import parse_colour
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.views.face_boxes import FaceBox
from iot_facerecognition_edge.views.picture import Faces
from lab.hil.overlay import ACCENT, LINE, frames, name_under

SIZE = (640, 480)
NAMES = ("Barack Obama", "Joe Biden", "Eileen Collins", "unknown")


def drawn(*boxes: FaceBox) -> Image.Image:
    """Return a screen with the faces, over a picture that is no single colour."""
    screen = MemoryScreen(SIZE)
    canvas, accent = screen.canvas, parse_colour(ACCENT)
    for x in range(0, SIZE[0], 8):
        canvas.fill((x % 200, 90, 140), (x, 0, 8, SIZE[1]))
    faces = Faces(Look(canvas, accent, dark=True), accent, LINE, 12, lambda: (0, 0, *SIZE))
    faces.show(boxes)
    faces.draw(canvas)
    faces.draw_tags(canvas)
    return Image.frombytes("RGB", SIZE, pygame.image.tobytes(canvas, "RGB"))


@pytest.mark.parametrize(
    "box",
    [
        (200, 100, 180, 220),
        (20, 20, 60, 70),
        # Its name has no room below, and stands above it.
        (300, 250, 200, 228),
    ],
)
def test_a_frame_and_its_name_are_found_where_they_were_drawn(box):
    screen = drawn(FaceBox(box, "Joe Biden"))
    assert frames(screen) == [box]
    name, alike = name_under(screen, box, NAMES)
    assert name == "Joe Biden"
    assert alike > 0.9


def test_several_frames_come_with_the_largest_first():
    large, small = (300, 60, 200, 240), (40, 60, 120, 150)
    screen = drawn(FaceBox(small, "Joe Biden"), FaceBox(large, "Barack Obama"))
    assert frames(screen) == [large, small]


def test_an_unknown_face_and_an_empty_screen_have_no_frame_in_the_accent_colour():
    assert frames(drawn(FaceBox((200, 100, 180, 220), ""))) == []
    assert frames(drawn()) == []


def test_another_name_is_not_taken_for_this_one():
    box = (200, 100, 180, 220)
    assert name_under(drawn(FaceBox(box, "Eileen Collins")), box, NAMES)[0] == "Eileen Collins"
